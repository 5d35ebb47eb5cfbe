"""What Prometheus scrapes: one job for each kind of exporter, its targets, and the way to each of them.

On the monitoring host exporters of WSL answer on loopback. What runs on Windows, and everything on other hosts, is
reached through the Gateway's ingress on one port, by path: exporters themselves never listen beyond loopback.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from model import names
from model.bilingual import Bilingual
from model.environment import Environment
from model.gateway import SERVICE, Site
from model.host import Host
from model.names import Component
from model.unwatched import JOB_WORKLOAD, UNWATCHED


@dataclass(frozen=True)
class Target:
    """One thing to scrape. `address` is `host:port`; None: the address of Windows under nat, known at run time.

    `by_ingress`: the way is the metrics ingress of the host's Gateway, which finds the exporter on its loopback at
    `behind`; None: the Gateway itself.
    `by_site`: it is scraped like its users see it, through its site.
    """

    host: str
    instance: str
    address: str | None
    path: str = "/metrics"
    site: str | None = None
    by_ingress: bool = False
    behind: int | None = None
    by_site: bool = False

    @property
    def through_gateway(self) -> bool:
        """Whether it cannot answer while its host's Gateway is down."""
        return self.by_ingress or self.by_site


@dataclass(frozen=True)
class Job:
    """A scrape job. `witness` is a series that every healthy target emits."""

    name: str
    component: Component
    title: Bilingual
    witness: str
    targets: tuple[Target, ...]
    probe: Literal["http", "tls"] | None = None
    token: str | None = None

    @property
    def target_count(self) -> int:
        """How many targets the environment knows."""
        return len(self.targets)

    @property
    def missing(self) -> str:
        """Expression: how many targets are there, while they are fewer than there should be.

        An only one is there or away: what is not there has no series that could be counted.
        """
        up = f'up{{job="{self.name}"}}'
        some = f"count by (job) ({up}) < {self.target_count}\nor\n" if self.target_count > 1 else ""
        return f"{some}absent({up}) * 0"

    @property
    def camel(self) -> str:
        """Its name as a part of an alert's name."""
        return camel(self.name)

    @property
    def kind(self) -> str:
        """Its name, or one name for all workloads: what is told of a job is told under this key."""
        return JOB_WORKLOAD if self.name.startswith(f"{JOB_WORKLOAD}-") else self.name

    @property
    def url(self) -> str:
        """What Prometheus asks first; without a host where the address of Windows is known at run time alone."""
        first = self.targets[0]
        return f"{'https' if first.by_site else 'http'}://{first.address or ''}{first.path}"

    @property
    def side(self) -> Literal["wsl", "windows"]:
        """Where the program that answers runs."""
        return "windows" if self.kind in _SERVICES else "wsl"

    @property
    def restart(self) -> str:
        """The command that restarts the program, typed on `side`."""
        if self.kind in _SERVICES:
            return f"Restart-Service {_SERVICES[self.kind]}"
        return f"systemctl restart {_UNITS.get(self.kind, self.name.removeprefix(f'{JOB_WORKLOAD}-'))}.service"

    @property
    def unwatched(self) -> Bilingual:
        """What nobody sees while it measures nothing."""
        return UNWATCHED[self.kind]


# Programs by job, where their name is not the job's own: services of Windows, and units of WSL.
_SERVICES = {names.JOB_ALLOY_WINDOWS: "Alloy", names.JOB_GATEWAY: SERVICE, names.JOB_WINDOWS: "windows_exporter"}
_UNITS = {
    names.JOB_BLACKBOX: "blackbox-exporter",
    names.JOB_CNI: "cni-exporter",
    names.JOB_NODE: "node-exporter",
    names.JOB_PODMAN: "podman-exporter",
    names.JOB_PROBE_HTTP: "blackbox-exporter",
    names.JOB_PROBE_TLS: "blackbox-exporter",
}


def camel(name: str) -> str:
    """`probe-http` → `ProbeHttp`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("-"))


def ingress_path(job: str) -> str:
    """Path of a job's exporter at the Gateway's metrics ingress: `/node/metrics`; the Gateway's own is `/metrics`."""
    return "/metrics" if job == names.JOB_GATEWAY else f"/{job}/metrics"


def _title(en: str, ja: str) -> Bilingual:
    return Bilingual(en=en, ja=ja)


def jobs(environment: Environment) -> tuple[Job, ...]:
    """Every job of the environment that has a target, by name."""
    found = [
        *_stack_jobs(environment),
        *_host_jobs(environment, tuple(host for _, host in sorted(environment.hosts.items()))),
        *_probe_jobs(environment),
        *_workload_jobs(environment),
    ]
    return tuple(sorted((job for job in found if job.targets), key=lambda job: job.name))


def _stack_jobs(environment: Environment) -> Iterator[Job]:
    stack, host = environment.monitoring, environment.monitoring_host.name
    for name, port, path, title, witness in (
        (names.JOB_ALERTMANAGER, stack.alertmanager.port, "/metrics", "Alertmanager", "alertmanager_build_info"),
        (
            names.JOB_BLACKBOX,
            stack.blackbox_exporter.port,
            "/metrics",
            "blackbox_exporter",
            "blackbox_exporter_build_info",
        ),
        (names.JOB_GRAFANA, stack.grafana.port, f"{stack.grafana_path}metrics", "Grafana", "grafana_build_info"),
        (names.JOB_LOKI, stack.loki.port, "/metrics", "Loki", "loki_build_info"),
        (names.JOB_PROMETHEUS, stack.prometheus.port, "/metrics", "Prometheus", "prometheus_build_info"),
    ):
        target = Target(host, host, f"127.0.0.1:{port}", path)
        yield Job(name, "monitoring", _title(title, title), witness, (target,))


def ingress_targets(environment: Environment, host: Host) -> tuple[tuple[Job, Target], ...]:
    """What is scraped through a host's ingress: job, with its targets on this host alone, and target, by job."""
    found = sorted(_host_jobs(environment, (host,)), key=lambda job: job.name)
    return tuple((job, target) for job in found for target in job.targets if target.by_ingress)


def _host_jobs(environment: Environment, every: tuple[Host, ...]) -> Iterator[Job]:
    stack = environment.monitoring
    containers = tuple(host for host in every if "containers" in host.roles)
    wsl: tuple[tuple[str, Component, int, tuple[Host, ...], str, str, str], ...] = (
        (names.JOB_ALLOY, "logs", stack.alloy.port, every, "Alloy (WSL)", "Alloy（WSL）", "alloy_build_info"),
        (
            names.JOB_CNI,
            "cni",
            stack.cni_exporter.port,
            containers,
            "CNI metrics",
            "CNI メトリクス",
            names.CNI_COLLECTED,
        ),
        (names.JOB_NODE, "host", stack.node_exporter.port, every, "node_exporter", "node_exporter", "node_uname_info"),
        (
            names.JOB_PODMAN,
            "containers",
            stack.podman_exporter.port,
            containers,
            "Podman exporter",
            "Podman exporter",
            "podman_system_api_version",  # also on a host without containers; away when Podman does not answer
        ),
    )
    for name, component, port, hosts, en, ja, witness in wsl:
        targets = tuple(_wsl_target(environment, host, name, port) for host in hosts)
        yield Job(name, component, _title(en, ja), witness, targets, token=_token(environment, targets))
    windows: tuple[tuple[str, Component, int | None, tuple[Host, ...], str, str, str], ...] = (
        (
            names.JOB_ALLOY_WINDOWS,
            "logs",
            stack.windows_alloy_port,
            every,
            "Alloy (Windows)",
            "Alloy（Windows）",
            "alloy_build_info",
        ),
        (
            names.JOB_GATEWAY,
            "gateway",
            None,
            tuple(host for host in every if "gateway" in host.roles),
            "Gateway",
            "Gateway",
            names.GATEWAY_CONFIG_OK,
        ),
        (
            names.JOB_WINDOWS,
            "windows",
            stack.windows_exporter_port,
            every,
            "windows_exporter",
            "windows_exporter",
            "windows_os_info",
        ),
    )
    for name, component, behind, hosts, en, ja, witness in windows:
        targets = tuple(_ingress_target(environment, host, name, behind) for host in hosts)
        yield Job(name, component, _title(en, ja), witness, targets, token=_token(environment, targets))


def _token(environment: Environment, targets: tuple[Target, ...]) -> str | None:
    """What Prometheus shows to Gateways of other hosts."""
    others = any(target.host != environment.monitoring_host.name for target in targets)
    return environment.gateway.ingress_token if others else None


def _wsl_target(environment: Environment, host: Host, job: str, port: int) -> Target:
    if host.name == environment.monitoring_host.name:
        return Target(host.name, host.name, f"127.0.0.1:{port}")
    return _ingress_target(environment, host, job, port)


def _ingress_target(environment: Environment, host: Host, job: str, behind: int | None) -> Target:
    ingress = environment.gateway.ports.metrics
    address = host.windows_from_wsl if host.name == environment.monitoring_host.name else host.nebula_address
    at = f"{address}:{ingress}" if address else None
    return Target(host.name, host.name, at, ingress_path(job), by_ingress=True, behind=behind)


def _probe_jobs(environment: Environment) -> Iterator[Job]:
    sites = [site for _, site in sorted(environment.gateway.sites.items())]
    for name, scheme, en, ja, probe in (
        (names.JOB_PROBE_HTTP, "http", "Probe of sites over HTTP", "サイトの HTTP 監視", "http"),
        (names.JOB_PROBE_TLS, "https", "Probe of sites over TLS", "サイトの TLS 監視", "tls"),
    ):
        targets = tuple(_probe_target(environment, site, scheme) for site in sites)
        kind: Literal["http", "tls"] = "http" if probe == "http" else "tls"
        yield Job(name, "site", _title(en, ja), "probe_success", targets, probe=kind)


def _probe_target(environment: Environment, site: Site, scheme: str) -> Target:
    ports = environment.gateway.ports
    port = ports.http if scheme == "http" else ports.https
    usual = {"http": 80, "https": 443}[scheme]
    url = f"{scheme}://{site.server_name}{'' if port == usual else f':{port}'}{site.probe.path}"
    host = environment.host_of_site(site).name
    return Target(host, url, f"127.0.0.1:{environment.monitoring.blackbox_exporter.port}", "/probe", site.name)


def _workload_jobs(environment: Environment) -> Iterator[Job]:
    for name, workload in sorted(environment.workloads.items()):
        if workload.metrics:
            site = environment.gateway.sites[workload.metrics.site]
            address = f"{site.server_name}:{environment.gateway.ports.https}"
            path = workload.metrics.path
            target = Target(workload.host, workload.host, address, path, site.name, by_site=True)
            title = _title(f"Metrics of {name}", f"{name} のメトリクス")
            token = workload.metrics.token
            yield Job(
                f"{JOB_WORKLOAD}-{name}", "containers", title, "process_start_time_seconds", (target,), token=token
            )

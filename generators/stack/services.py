"""Every container of a host, once: units and the compose file are two ways to write the same thing."""

from __future__ import annotations

from dataclasses import dataclass

from model.cni import folder_of
from model.collected import COLLECTING
from model.deployment import Deployment
from model.host import Host
from model.monitoring import ALERTMANAGER_SAVES_EVERY, GRACE_AFTER_RESTART, Service
from model.secrets import GRAFANA, LOKI, NOBODY, ROOT, secrets
from model.stateful import CNI_TEXTFILES, DATA, TEXTFILES

TARGETS = f"{DATA}/targets"


@dataclass(frozen=True)
class Container:
    """One container: paths inside are the paths of the host."""

    name: str
    title: str
    service: Service
    arguments: tuple[str, ...]
    user: int
    read: tuple[str, ...] = ()  # paths that it reads
    write: tuple[str, ...] = ()  # paths that it writes
    health: tuple[str, ...] = ()  # a program of the image; empty where the image has none
    capabilities: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    options: tuple[str, ...] = ()  # of `podman run`
    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()  # what is run on the host before each start; it may fail


def containers(deployment: Deployment, host: Host) -> tuple[Container, ...]:
    """The stack's containers on a host, by name."""
    services = deployment.environment.monitoring.services_on(host.roles)
    makers = {
        "alertmanager": _alertmanager,
        "alloy": _alloy,
        "blackbox_exporter": _blackbox_exporter,
        "cni_exporter": _cni_exporter,
        "grafana": _grafana,
        "loki": _loki,
        "node_exporter": _node_exporter,
        "podman_exporter": _podman_exporter,
        "prometheus": _prometheus,
    }
    return tuple(makers[name](deployment, host, services[name]) for name in sorted(services))


def _secrets(deployment: Deployment, host: Host, reader: str) -> tuple[str, ...]:
    found = secrets(deployment.environment, host)
    return tuple(secret.path for secret in found if secret.side == "wsl" and reader in ", ".join(secret.readers))


def _wget(url: str) -> tuple[str, ...]:
    return ("wget", "--quiet", "--spider", url)


def _prometheus(deployment: Deployment, host: Host, service: Service) -> Container:
    return Container(
        "prometheus",
        "Prometheus",
        service,
        (
            "--config.file=/etc/prometheus/prometheus.yml",
            f"--storage.tsdb.path={DATA}/prometheus",
            f"--web.listen-address=127.0.0.1:{service.port}",
            "--web.config.file=/etc/prometheus/web.yml",
            "--web.enable-lifecycle",
            "--web.enable-admin-api",  # for snapshots; it listens on loopback alone
            # What fired before a restart fires on; by itself Prometheus would have it wait anew.
            f"--rules.alert.for-grace-period={GRACE_AFTER_RESTART}",
        ),
        NOBODY,
        read=("/etc/prometheus", TARGETS, *_secrets(deployment, host, "prometheus")),
        write=(f"{DATA}/prometheus",),
        health=_wget(f"http://127.0.0.1:{service.port}/-/healthy"),
        after=("flatnet-windows-targets.service",),
    )


def _alertmanager(deployment: Deployment, host: Host, service: Service) -> Container:
    return Container(
        "alertmanager",
        "Alertmanager",
        service,
        (
            "--config.file=/etc/alertmanager/alertmanager.yml",
            f"--storage.path={DATA}/alertmanager",
            f"--web.listen-address=127.0.0.1:{service.port}",
            "--cluster.listen-address=",  # one instance: no cluster port
            f"--data.maintenance-interval={ALERTMANAGER_SAVES_EVERY}",
            "--enable-feature=utf8-strict-mode",
        ),
        NOBODY,
        read=("/etc/alertmanager", TARGETS, *_secrets(deployment, host, "alertmanager")),
        write=(f"{DATA}/alertmanager",),
        health=_wget(f"http://127.0.0.1:{service.port}/-/healthy"),
        after=("flatnet-windows-targets.service",),
    )


def _grafana(deployment: Deployment, host: Host, service: Service) -> Container:
    return Container(
        "grafana",
        "Grafana",
        service,
        (),
        GRAFANA,
        read=("/etc/grafana", *_secrets(deployment, host, "grafana")),
        write=(f"{DATA}/grafana",),
        health=_wget(f"http://127.0.0.1:{service.port}/api/health"),
        environment=(
            ("GF_PATHS_CONFIG", "/etc/grafana/grafana.ini"),
            ("GF_PATHS_DATA", f"{DATA}/grafana"),
            ("GF_PATHS_LOGS", f"{DATA}/grafana/log"),
            ("GF_PATHS_PLUGINS", f"{DATA}/grafana/plugins"),
            ("GF_PATHS_PROVISIONING", "/etc/grafana/provisioning"),
        ),
    )


def _loki(_deployment: Deployment, _host: Host, service: Service) -> Container:
    return Container(
        "loki",
        "Loki",
        service,
        ("-config.file=/etc/loki/loki.yaml",),
        LOKI,
        read=("/etc/loki",),
        write=(f"{DATA}/loki",),
        # The image has no shell; the program asks itself.
        health=("/usr/bin/loki", "-health", f"-health.url=http://127.0.0.1:{service.port}/ready"),
    )


def _alloy(deployment: Deployment, host: Host, service: Service) -> Container:
    cni = folder_of(deployment.environment.cni.log)
    gateway = (host.windows.logs.seen_from_wsl,) if "gateway" in host.roles else ()
    logs = (cni, "/var/log/flatnet-ops") if "containers" in host.roles else ()
    return Container(
        "alloy",
        "Alloy, the log collector",
        service,
        (
            "run",
            f"--storage.path={DATA}/alloy",
            f"--server.http.listen-addr=127.0.0.1:{service.port}",
            "--stability.level=generally-available",
            "--disable-reporting",
            "/etc/alloy/config.alloy",
        ),
        ROOT,
        # Without the machine's id the journal reader finds no line and says nothing.
        read=(
            *("/etc/alloy", "/etc/machine-id", "/var/log/journal"),
            *gateway,
            *logs,
            *_secrets(deployment, host, "alloy"),
        ),
        write=(f"{DATA}/alloy",),
        capabilities=("DAC_READ_SEARCH",),
        before=(COLLECTING, "restore"),
    )


def _blackbox_exporter(deployment: Deployment, host: Host, service: Service) -> Container:
    return Container(
        "blackbox-exporter",
        "blackbox_exporter, which asks the sites",
        service,
        (
            "--config.file=/etc/blackbox_exporter/blackbox.yml",
            f"--web.listen-address=127.0.0.1:{service.port}",
        ),
        NOBODY,
        read=("/etc/blackbox_exporter", *_secrets(deployment, host, "blackbox-exporter")),
        health=_wget(f"http://127.0.0.1:{service.port}/-/healthy"),
    )


def _node_exporter(_deployment: Deployment, _host: Host, service: Service) -> Container:
    return Container(
        "node-exporter",
        "node_exporter of WSL",
        service,
        (
            f"--web.listen-address=127.0.0.1:{service.port}",
            "--path.rootfs=/host",
            f"--collector.textfile.directory={TEXTFILES}",
            # WSL shows its disk a second time below /mnt/wslg; the rest is no disk of its own.
            "--collector.filesystem.mount-points-exclude=^/(dev|mnt/wslg|proc|run|sys|var/lib/containers/storage)($|/)",
            "--collector.filesystem.fs-types-exclude=^(9p|autofs|cgroup2?|devpts|devtmpfs|overlay|proc|squashfs|sysfs|tmpfs)$",
        ),
        NOBODY,
        read=(TEXTFILES,),
        health=_wget(f"http://127.0.0.1:{service.port}/"),
        options=("--pid=host", "--volume=/:/host:ro,rslave"),
    )


def _cni_exporter(_deployment: Deployment, _host: Host, service: Service) -> Container:
    return Container(
        "cni-exporter",
        "CNI metrics: node_exporter with the textfile collector alone",
        service,
        (
            f"--web.listen-address=127.0.0.1:{service.port}",
            "--web.disable-exporter-metrics",
            "--collector.disable-defaults",
            "--collector.textfile",
            f"--collector.textfile.directory={CNI_TEXTFILES}",
        ),
        NOBODY,
        read=(CNI_TEXTFILES,),
        health=_wget(f"http://127.0.0.1:{service.port}/"),
    )


def _podman_exporter(_deployment: Deployment, _host: Host, service: Service) -> Container:
    return Container(
        "podman-exporter",
        "Podman exporter",
        service,
        (f"--web.listen-address=127.0.0.1:{service.port}", "--collector.enable-all"),
        ROOT,
        write=("/run/podman",),  # the folder: with the socket alone, one that podman.socket makes anew is not seen
        environment=(("CONTAINER_HOST", "unix:///run/podman/podman.sock"),),
        after=("podman.socket",),
    )

"""Rules about sites, workloads, and who may reach them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from model.environment import Environment
from model.rules.broken import Broken, Path, twice, unknown
from model.workload import Workload


def sites_lead_somewhere(environment: Environment) -> Iterator[Broken]:
    """Each site has a name of its own and a listening workload behind."""
    sites = environment.gateway.sites
    yield from twice("server name", ((("gateway", "sites", n, "server_name"), s.server_name) for n, s in sites.items()))
    for name, site in sites.items():
        path: Path = ("gateway", "sites", name, "upstream")
        workload = environment.workloads.get(site.upstream.workload)
        if workload is None:
            yield from unknown("workload", environment.workloads, [((*path, "workload"), site.upstream.workload)])
        elif site.upstream.port not in workload.ports:
            ports = ", ".join(map(str, workload.ports))
            yield Broken(
                (*path, "port"), f"`{workload.name}` does not listen on {site.upstream.port}", f"it has {ports}"
            )


def networks_and_accounts_exist(environment: Environment) -> Iterator[Broken]:
    """Every network and account that is named is defined, and every network that is defined is named."""
    security, gateway = environment.security, environment.gateway
    uses: list[tuple[Path, str]] = []
    uses += _items(("security", "admin_networks"), security.admin_networks)
    uses += _items(("gateway", "grafana_networks"), gateway.grafana_networks)
    for name, site in gateway.sites.items():
        uses += _items(("gateway", "sites", name, "networks"), site.networks)
    for name, rule in security.firewall.items():
        uses += _items(("security", "firewall", name, "networks"), rule.networks)
    if environment.remote_access:
        uses += _items(("remote_access", "networks"), environment.remote_access.networks)
    yield from unknown("network", security.networks, uses)
    for name in security.networks.keys() - {used for _, used in uses}:
        yield Broken(("security", "networks", name), f"nothing lets the network `{name}` in, or names it otherwise")
    for name, site in gateway.sites.items():
        yield from unknown("account", security.accounts, _items(("gateway", "sites", name, "users"), site.users))


def _items(path: Path, values: tuple[str, ...]) -> list[tuple[Path, str]]:
    return [((*path, index), value) for index, value in enumerate(values)]


def buckets_ascend(environment: Environment) -> Iterator[Broken]:
    """The bounds of the latency histogram rise."""
    buckets = environment.gateway.latency_buckets
    for index, (low, high) in enumerate(pairwise(buckets), start=1):
        if low >= high:
            yield Broken(("gateway", "latency_buckets", index), f"{high} is not above {low}; the bounds rise")


def log_files_are_apart(environment: Environment) -> Iterator[Broken]:
    """No two logs of the Gateway are one file: each is rotated by itself and has lines of one form."""
    files = ((("gateway", "logs", kind), name) for kind, name in environment.gateway.logs.files.items())
    yield from twice("log file", files)


def workloads_are_whole(environment: Environment) -> Iterator[Broken]:
    """Each workload runs where containers run, and each volume of it is backed up or says why not."""
    holders = {host.name for host in environment.hosts_with("containers")}
    for name, workload in environment.workloads.items():
        path: Path = ("workloads", name)
        yield from unknown("host with the role `containers`,", holders, [((*path, "host"), workload.host)])
        for volume_name, volume in workload.volumes.items():
            if not volume.backup and volume.reason is None:
                message = "a volume that is not backed up needs a `reason`"
                yield Broken((*path, "volumes", volume_name), message)
            if volume.backup and volume.reason is not None:
                yield Broken((*path, "volumes", volume_name, "reason"), "a reason, but the volume is backed up")
        paths = (((*path, "volumes", volume, "path"), where.path) for volume, where in workload.volumes.items())
        yield from twice("folder", paths)
        yield from _metrics(environment, workload)
    volumes = ((("workloads", n, "volumes", v), v) for n, w in environment.workloads.items() for v in w.volumes)
    yield from twice("volume", volumes)


def _metrics(environment: Environment, workload: Workload) -> Iterator[Broken]:
    if workload.metrics is None:
        return
    path: Path = ("workloads", workload.name, "metrics", "site")
    site = environment.gateway.sites.get(workload.metrics.site)
    if site is None:
        yield from unknown("site", environment.gateway.sites, [(path, workload.metrics.site)])
    elif site.upstream.workload != workload.name:
        yield Broken(path, f"the site `{site.name}` leads to `{site.upstream.workload}`, not to this workload")

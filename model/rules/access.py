"""Rules about who gets through the Gateway: nobody is let in by accident, and nobody is shut out for ever."""

from __future__ import annotations

from collections.abc import Iterator

from model import names
from model.environment import Environment
from model.rules.broken import Broken, Path, twice

UNAUTHORIZED = 401
_GRAFANAS_OWN = "admin"


def people_can_log_in(environment: Environment) -> Iterator[Broken]:
    """Grafana is behind a log-in, so somebody has an account; none of them is Grafana's own or another one's."""
    accounts = environment.security.accounts
    if not accounts:
        message = "Grafana asks everybody to log in at the Gateway, but `security.accounts` has nobody"
        yield Broken(("gateway", "grafana_networks"), message, "write `accounts: {sato: {role: admin}}` in `security`")
    for name in accounts:
        if name.lower() == _GRAFANAS_OWN:
            message = f"`{name}` is Grafana's own account, for the day on which the Gateway does not work"
            yield Broken(("security", "accounts", name), message, "write the name of a person")
    # Grafana takes names that differ in case alone for one.
    yield from twice("account", ((("security", "accounts", name), name.lower()) for name in accounts))


def sites_have_names_of_their_own(environment: Environment) -> Iterator[Broken]:
    """No site takes a name under which the Gateway counts what it serves itself."""
    for name, site in environment.gateway.sites.items():
        path: Path = ("gateway", "sites", name)
        if name in names.SITES_OF_OURS:
            yield Broken(path, f"`{name}` is what the Gateway calls something of its own", "write another name")
        if site.server_name == environment.gateway.grafana_server_name:
            message = "people reach Grafana under this name (`gateway.grafana_server_name`)"
            yield Broken((*path, "server_name"), message, "write another name")


def machines_need_no_log_in(environment: Environment) -> Iterator[Broken]:
    """What asks a site by itself has no account: a probe expects 401, and metrics have no way through."""
    for name, site in environment.gateway.sites.items():
        if site.users and site.probe.status != UNAUTHORIZED:
            message = f"the probe does not log in, and gets {UNAUTHORIZED} where `users` have to"
            yield Broken(("gateway", "sites", name, "probe"), message, f"write `status: {UNAUTHORIZED}`")
    for name, workload in environment.workloads.items():
        site_of_metrics = environment.gateway.sites.get(workload.metrics.site) if workload.metrics else None
        if site_of_metrics and site_of_metrics.users:
            message = "Prometheus does not log in at the Gateway, and the site's `users` have to"
            yield Broken(("workloads", name, "metrics", "site"), message)


def members_come_from_the_vpn_alone(environment: Environment) -> Iterator[Broken]:
    """A network of the VPN leads somewhere, and nobody in the office is taken for a member."""
    remote, gateway, known = environment.remote_access, environment.gateway, environment.security.networks
    if remote is None:
        return
    admitted = {*gateway.grafana_networks, *(each for site in gateway.sites.values() for each in site.networks)}
    for index, name in enumerate(remote.networks):
        path: Path = ("remote_access", "networks", index)
        if name in known and name not in admitted:
            message = f"no site and not Grafana lets the network `{name}` in"
            yield Broken(path, message, f"write `{name}` into the `networks` of a site")
        for other, ranges in known.items():
            overlap = any(one.overlaps(each) for one in known.get(name, ()) for each in ranges)
            if overlap and other not in remote.networks and remote.authentication:
                yield Broken(path, f"the network `{name}` overlaps `{other}`, whose people would have to log in")

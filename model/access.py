"""Who reaches what at a host's Gateway: one table, which nginx, the handbook and the tests read.

A door is a path of a listener. First comes the address: who is not among the clients gets 403. Then the log-in: without
one 401, and 403 for an account or a place from which the door is not open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from model import names
from model.bilingual import Bilingual
from model.environment import Environment
from model.gateway import Site
from model.heartbeat import watchers_of
from model.host import Host
from model.jobs import ingress_targets

Login = Literal["none", "account", "members", "token"]
"""account: name and password; members: the same, of whoever comes by the VPN; token: a bearer token."""

LOOPBACK = IPv4Network("127.0.0.1/32")
PUSH_PATH = "/loki/api/v1/push"
HEARTBEAT_PATH = "/heartbeat"
HEALTH_PATH = "/health"


@dataclass(frozen=True)
class Client:
    """Addresses that are let in. `name` is that of a network or of a host; None: what `kind` says is all of it."""

    kind: Literal["network", "host", "wsl", "loopback"]
    name: str | None
    ranges: tuple[IPv4Network, ...]


@dataclass(frozen=True)
class Door:
    """A path of a listener, and who gets through. No clients: everybody's address will do."""

    name: str
    listener: Literal["http", "https", "metrics"]
    server_name: str | None
    path: str
    what: Bilingual
    clients: tuple[Client, ...] = ()
    login: Login = "none"
    accounts: tuple[str, ...] = ()
    members: tuple[IPv4Network, ...] = ()  # where `members` have to log in
    free: tuple[IPv4Network, ...] = ()  # from where a token is not asked for
    exact: bool = False  # this path alone, not what lies below it
    methods: tuple[str, ...] = ()  # none: all

    @property
    def ranges(self) -> tuple[IPv4Network, ...]:
        """Every address that is let in, each once."""
        return tuple(dict.fromkeys(each for client in self.clients for each in client.ranges))

    def refuses(self, address: IPv4Address, account: str | None = None, *, token: bool = False) -> int | None:
        """The status with which somebody is sent away; None: let in. `account` has shown its right password."""
        if self.clients and not any(address in each for each in self.ranges):
            return 403
        if self.login == "token":
            return None if token or any(address in each for each in self.free) else 401
        if self.login == "none" or (self.login == "members" and not any(address in each for each in self.members)):
            return None
        if account is None:
            return 401
        return None if account in self.accounts else 403


@dataclass(frozen=True)
class Listener:
    """A port of the Gateway and the addresses of Windows that it is bound to; `*` is every one."""

    name: Literal["http", "https", "metrics"]
    port: int
    addresses: tuple[str, ...]


def listeners(environment: Environment, host: Host) -> tuple[Listener, ...]:
    """What a host's Gateway binds. The ingress is on loopback where nobody else asks.

    Elsewhere it is on every address: WSL's changes at each start, that of Nebula may come after nginx, which would not
    start without it. The doors and the firewall say who gets in.
    """
    ports = environment.gateway.ports
    asked = environment.several_hosts or host.wsl.networking == "nat"
    ingress = "*" if asked else str(LOOPBACK.network_address)
    return (
        Listener("http", ports.http, ("*",)),
        Listener("https", ports.https, ("*",)),
        Listener("metrics", ports.metrics, (ingress,)),
    )


def doors(environment: Environment, host: Host) -> tuple[Door, ...]:
    """The access table of a host's Gateway, in the order of the page of the handbook."""
    return (*_plain(environment, host), *_people(environment, host), *_ingress(environment, host))


def server_names(environment: Environment, host: Host) -> tuple[str, ...]:
    """Every name under which people reach a host's Gateway: those that its certificate must have."""
    found = {site.server_name for site in environment.sites_on(host)}
    if host == environment.monitoring_host:
        found.add(environment.gateway.grafana_server_name)
    return tuple(sorted(found))


def _plain(environment: Environment, host: Host) -> Iterator[Door]:
    what = Bilingual(en="says OK", ja="OK と応答する")
    yield Door(names.SITE_HTTP, "http", None, HEALTH_PATH, what, exact=True)
    what = Bilingual(en="leads to HTTPS", ja="HTTPS へ転送する")
    for name in server_names(environment, host):
        yield Door(names.SITE_HTTP, "http", name, "/", what)


def _people(environment: Environment, host: Host) -> Iterator[Door]:
    monitor = _monitor(environment, host)
    for site in environment.sites_on(host):
        clients = (*_networks(environment, site.networks), *monitor)
        login, accounts, members = _login(environment, site)
        workload = site.upstream.workload
        what = Bilingual(en=workload, ja=workload)
        yield Door(site.name, "https", site.server_name, "/", what, clients, login, accounts, members)
    if host == environment.monitoring_host:
        yield Door(
            names.SITE_GRAFANA,
            "https",
            environment.gateway.grafana_server_name,
            environment.monitoring.grafana_path,
            Bilingual(en="Grafana", ja="Grafana"),
            _networks(environment, environment.gateway.grafana_networks),
            "account",
            tuple(sorted(environment.security.accounts)),
        )


def _login(environment: Environment, site: Site) -> tuple[Login, tuple[str, ...], tuple[IPv4Network, ...]]:
    if site.users:
        return "account", tuple(sorted(site.users)), ()
    remote = environment.remote_access
    admitted = [name for name in remote.networks if name in site.networks] if remote and remote.authentication else []
    if not admitted:
        return "none", (), ()
    members = tuple(each for name in admitted for each in environment.security.networks[name])
    return "members", tuple(sorted(environment.security.accounts)), members


def _networks(environment: Environment, wanted: tuple[str, ...]) -> tuple[Client, ...]:
    return tuple(Client("network", name, environment.security.networks[name]) for name in wanted)


def _monitor(environment: Environment, host: Host) -> tuple[Client, ...]:
    """The monitoring host, as the Gateway sees it when Prometheus and the probes come by a site's name."""
    monitoring = environment.monitoring_host
    lan = Client("host", monitoring.name, (IPv4Network(monitoring.lan_address),))
    return (*_own_wsl(host), lan) if host == monitoring else (lan,)


def _own_wsl(host: Host) -> tuple[Client, ...]:
    """WSL of this host, as its Windows sees it."""
    if host.wsl.networking == "mirrored":
        return (Client("loopback", None, (LOOPBACK,)),)
    return (Client("wsl", None, (host.wsl.range,)),)


def _overlay(host: Host) -> Client:
    assert host.nebula_address is not None, "several hosts are joined by Nebula"
    return Client("host", host.name, (IPv4Network(host.nebula_address),))


def _ingress(environment: Environment, host: Host) -> Iterator[Door]:
    monitoring = environment.monitoring_host
    loopback = Client("loopback", None, (LOOPBACK,))
    own = host == monitoring
    scrapers = tuple(dict.fromkeys((*(_own_wsl(host) if own else (_overlay(monitoring),)), loopback)))
    for job, target in ingress_targets(environment, host):
        door = Door(names.SITE_METRICS, "metrics", None, target.path, job.title, scrapers, exact=True)
        yield door if own else replace(door, login="token", free=loopback.ranges)
    yield from _heartbeat(environment, host)
    if not own:
        return
    others = tuple(_overlay(each) for _, each in sorted(environment.hosts.items()) if each != monitoring)
    if others:
        what = Bilingual(en="logs of other hosts, for Loki", ja="他のホストのログ（Loki 宛て）")
        yield Door(names.SITE_PUSH, "metrics", None, PUSH_PATH, what, others, "token", exact=True)


def _heartbeat(environment: Environment, host: Host) -> Iterator[Door]:
    """Alertmanager sends it; Windows reads it, on this host and on the one that watches this host.

    Who may send may read too: nginx has one list of addresses for a path, and a second one for the method.
    """
    if environment.notifications.dead_mans_switch.far_end != "windows":
        return
    what = Bilingual(en="heartbeat of Alertmanager", ja="Alertmanager のハートビート")
    senders = _own_wsl(host) if host == environment.monitoring_host else ()
    readers = (*senders, Client("loopback", None, (LOOPBACK,)), *map(_overlay, watchers_of(environment, host)))
    ways: list[tuple[tuple[str, ...], tuple[Client, ...]]] = [(("GET", "HEAD"), tuple(dict.fromkeys(readers)))]
    if senders:
        ways.append((("POST",), senders))
    for methods, clients in ways:
        yield Door(names.SITE_METRICS, "metrics", None, HEARTBEAT_PATH, what, clients, exact=True, methods=methods)

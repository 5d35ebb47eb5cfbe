"""What the firewall of Windows lets in: one place for the rules, the page of ports, and whoever checks exposure.

Rules name port and remote address, never an interface: the one of WSL changes its name and goes with each restart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from model.environment import Environment
from model.heartbeat import watchers_of
from model.host import Host

# The virtual machine of WSL, as the Hyper-V firewall knows it (Microsoft, "Hyper-V firewall").
WSL_CREATOR = "{40E0AC32-46A5-438A-A0B2-2B479E8F2E90}"


@dataclass(frozen=True)
class Opening:
    """A port of Windows that others reach. `remote` is sorted; `networks` are the names of security.networks in it."""

    name: str
    port: int
    protocol: Literal["tcp", "udp"]
    remote: tuple[IPv4Network, ...]
    networks: tuple[str, ...] = ()


@dataclass(frozen=True)
class WslOpening:
    """Ports of containers that reach WSL through the Hyper-V firewall of mirrored networking."""

    name: str
    ports: tuple[int, ...]
    local: IPv4Network
    remote: tuple[IPv4Network, ...]


def openings(environment: Environment, host: Host) -> tuple[Opening, ...]:
    """Every port of a host's Windows that something beyond Windows itself reaches, by name."""
    found = [
        Opening(f"security-{name}", rule.port, rule.protocol, _ranges(environment, rule.networks), rule.networks)
        for name, rule in environment.security.firewall.items()
    ]
    if "gateway" in host.roles:
        found += _gateway(environment, host)
    return tuple(sorted((opening for opening in found if opening.remote), key=lambda opening: opening.name))


def _gateway(environment: Environment, host: Host) -> Iterator[Opening]:
    ports, monitor = environment.gateway.ports, environment.monitoring_host
    names = {name for site in environment.sites_on(host) for name in site.networks}
    names |= set(environment.gateway.grafana_networks) if host == monitor else set()
    networks = tuple(sorted(names))
    # The monitoring host looks at each site as people do; under nat it comes to its own Gateway from WSL's range.
    probes = _own_wsl(host) if host == monitor else [IPv4Network(monitor.lan_address)]
    for name, port in (("http", ports.http), ("https", ports.https)):
        remote = _largest([*_ranges(environment, networks), *probes])
        yield Opening(f"gateway-{name}", port, "tcp", remote, networks)
    others = _overlay(other for _, other in sorted(environment.hosts.items()) if other != host)
    registering = _own_wsl(host) if environment.registers_containers and "containers" in host.roles else []
    yield Opening("gateway-api", ports.api, "tcp", _largest([*others, *registering]))
    # Metrics are read by the monitoring host, logs and heartbeats are sent to it.
    asking = others + _own_wsl(host) if host == monitor else _overlay([monitor, *watchers_of(environment, host)])
    yield Opening("gateway-metrics", ports.metrics, "tcp", _largest(asking))


def wsl_openings(environment: Environment, host: Host) -> tuple[WslOpening, ...]:
    """What passes the Hyper-V firewall of a host with mirrored networking: Gateways that lead to its containers."""
    workloads = environment.workloads_on(host)
    if host.wsl.networking != "mirrored" or not workloads:
        return ()
    gateways = environment.hosts_with("gateway")
    remote = _largest([IPv4Network(host.lan_address), *_overlay(gateways)])
    ports = tuple(sorted({port for workload in workloads for port in workload.ports}))
    return (WslOpening("workloads", ports, environment.container_network(host).subnet, remote),)


def _ranges(environment: Environment, names: Iterable[str]) -> tuple[IPv4Network, ...]:
    return _largest(network for name in names for network in environment.security.networks[name])


def _own_wsl(host: Host) -> list[IPv4Network]:
    return [host.wsl.range] if host.wsl.networking == "nat" else []


def _overlay(hosts: Iterable[Host]) -> list[IPv4Network]:
    addresses: set[IPv4Address] = {host.nebula_address for host in hosts if host.nebula_address}
    return [IPv4Network(address) for address in sorted(addresses)]


def _largest(networks: Iterable[IPv4Network]) -> tuple[IPv4Network, ...]:
    """Those that lie in no other one, each as it was written."""
    found: list[IPv4Network] = []
    for one in sorted(set(networks)):  # a network comes right before all that lies in it
        if not found or not one.subnet_of(found[-1]):
            found.append(one)
    return tuple(found)

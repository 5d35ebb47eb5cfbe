"""What the firewall of Windows lets in: one place for the rules, the page of ports, and whoever checks exposure.

Rules name port and remote address, never an interface: the one of WSL changes its name and goes with each restart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from model.access import doors
from model.environment import Environment
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
    """Whoever gets through a door of the Gateway gets to its port. Flatnet's own API has no door: hosts call it."""
    table, ports = doors(environment, host), environment.gateway.ports
    others = _overlay(other for _, other in sorted(environment.hosts.items()) if other != host)
    registers = environment.registers_containers and "containers" in host.roles and host.wsl.networking == "nat"
    yield Opening("gateway-api", ports.api, "tcp", _largest([*others, *([host.wsl.range] if registers else [])]))
    # Who is led from http to https comes by both.
    for name, port, listener in (
        ("http", ports.http, "https"),
        ("https", ports.https, "https"),
        ("metrics", ports.metrics, "metrics"),
    ):
        clients = [client for door in table if door.listener == listener for client in door.clients]
        networks = tuple(sorted({client.name for client in clients if client.kind == "network" and client.name}))
        remote = _largest(each for client in clients if client.kind != "loopback" for each in client.ranges)
        yield Opening(f"gateway-{name}", port, "tcp", remote, networks)


def _ranges(environment: Environment, names: Iterable[str]) -> tuple[IPv4Network, ...]:
    return _largest(network for name in names for network in environment.security.networks[name])


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

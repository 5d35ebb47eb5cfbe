"""The way from a host's Gateway to each container behind a site.

Under nat Windows has a route to the containers, and reaches a container at its own address. Under mirrored networking
WSL and Windows share loopback and no bridge (microsoft/WSL#10731): there a port of loopback, in WSL, leads to each port
of a container.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from model.environment import Environment
from model.host import FORWARDED_PORTS, Host

FORWARDS = "/run/flatnet-ops/forwards"
"""Where each unit that leads to a container finds its present address."""


@dataclass(frozen=True)
class Way:
    """A port of a container that a site leads to. `local`: the port of loopback that leads there; None: a route."""

    workload: str
    port: int
    local: int | None

    @property
    def unit(self) -> str:
        """Name of the socket and of the service that lead to the container."""
        return f"flatnet-forward-{self.workload}-{self.port}"

    @property
    def target(self) -> str:
        """The file that holds the container's address, as a variable."""
        return f"{FORWARDS}/{self.workload}-{self.port}"


def needs_route(host: Host) -> bool:
    """Whether Windows reaches the host's containers by a route that leads to WSL."""
    return host.wsl.networking == "nat" and "containers" in host.roles and "gateway" in host.roles


def ways(environment: Environment, host: Host) -> tuple[Way, ...]:
    """The way to each port that a site of the host leads to, by workload and port."""
    used = {(site.upstream.workload, site.upstream.port) for site in environment.gateway.sites.values()}
    here = {(load.name, port) for load in environment.workloads_on(host) for port in load.ports}
    wanted = sorted(used & here)
    if host.wsl.networking == "nat":
        return tuple(Way(name, port, None) for name, port in wanted)
    taken: set[int] = set()
    return tuple(Way(name, port, _local(host, f"{name}:{port}", taken)) for name, port in wanted)


def _local(host: Host, name: str, taken: set[int]) -> int:
    """A port that follows from the name: another workload more or less moves none of those that are there."""
    offset = crc32(name.encode())
    while (port := host.wsl.forwarded_ports + offset % FORWARDED_PORTS) in taken:
        offset += 1
    taken.add(port)
    return port

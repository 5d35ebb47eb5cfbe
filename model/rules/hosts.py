"""Rules about hosts, their addresses and their ports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations

from model.environment import Environment
from model.host import FORWARDED_PORTS, Host
from model.rules.broken import Broken, Path, twice

_PRIVATE = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
_LONGEST_WITH_ENDS = 30  # a /31 and a /32 have no network's own and no broadcast address
SMALLEST_SUBNET = 16  # addresses: network, gateway, broadcast, and a pool


def hosts_are_distinct(environment: Environment) -> Iterator[Broken]:
    """Ids and addresses are unique."""
    hosts = environment.hosts
    yield from twice("host-id", ((("hosts", name, "id"), host.id) for name, host in hosts.items()))
    lan: list[tuple[Path, object]] = [
        (("hosts", name, "lan_address"), host.lan_address) for name, host in hosts.items()
    ]
    overlay = {name: host.nebula_address for name, host in hosts.items() if host.nebula_address}
    yield from twice("address", [*lan, *((("hosts", name, "nebula_address"), one) for name, one in overlay.items())])


def roles_are_complete(environment: Environment) -> Iterator[Broken]:
    """One host monitors; exporters of other hosts are reached through their Gateway, over Nebula."""
    hosts = environment.hosts
    monitoring = [name for name, host in hosts.items() if "monitoring" in host.roles]
    if len(monitoring) != 1:
        has = f"{' and '.join(monitoring)} have" if monitoring else "no host has"
        path: Path = ("hosts", monitoring[1], "roles") if monitoring else ("hosts",)
        yield Broken(path, f"{has} the role `monitoring`; exactly one host has it")
    for name, host in hosts.items():
        if "gateway" not in host.roles:
            message = "what runs on Windows is scraped through the host's Gateway; add the role `gateway`"
            yield Broken(("hosts", name, "roles"), message)
        if environment.several_hosts and host.nebula_address is None:
            yield Broken(("hosts", name), "`nebula_address` is missing: several hosts are joined by Nebula")


def subnets_are_apart(environment: Environment) -> Iterator[Broken]:
    """Container subnets, the ranges of WSL and the networks of people do not overlap."""
    subnets = {name: environment.container_network(host).subnet for name, host in environment.hosts.items()}
    for (one, first), (other, second) in combinations(subnets.items(), 2):
        if first.overlaps(second):
            message = f"the container subnet {second} overlaps that of `{one}`, {first}"
            yield Broken(_subnet_path(environment.hosts[other]), message)
    for name, host in environment.hosts.items():
        yield from _own_subnet(environment, host)
        for network_name, networks in environment.security.networks.items():
            for network in networks:
                if subnets[name].overlaps(network):
                    message = f"the container subnet {subnets[name]} overlaps the network `{network_name}`, {network}"
                    yield Broken(_subnet_path(host), message)
                if host.wsl.networking == "nat" and host.wsl.range.overlaps(network):
                    yield Broken(
                        ("hosts", name, "wsl"),
                        f"WSL's range {host.wsl.range} overlaps the network `{network_name}`, {network}: "
                        "the Gateway's metrics would be open to it",
                        "write `range:` with the range that WSL really uses there (`ip -4 address show eth0`)",
                    )


def wsl_is_consistent(environment: Environment) -> Iterator[Broken]:
    """What is written for one kind of WSL networking is not written beside the other kind."""
    for name, host in environment.hosts.items():
        if host.wsl.networking == "mirrored" and "range" in host.wsl.model_fields_set:
            message = "mirrored networking shares the addresses of Windows: there is no range of WSL's own"
            yield Broken(("hosts", name, "wsl", "range"), message, "remove it, or write `networking: nat`")
        if host.wsl.networking == "nat" and "forwarded_ports" in host.wsl.model_fields_set:
            message = "under nat Windows has a route to the containers: no port of loopback leads to them"
            yield Broken(
                ("hosts", name, "wsl", "forwarded_ports"), message, "remove it, or write `networking: mirrored`"
            )


def _own_subnet(environment: Environment, host: Host) -> Iterator[Broken]:
    network = environment.container_network(host)
    if network.subnet.num_addresses < SMALLEST_SUBNET:
        yield Broken(_subnet_path(host), f"the container subnet {network.subnet} has no room for a pool")
    if not any(network.subnet.subnet_of(private) for private in _PRIVATE):
        ranges = ", ".join(map(str, _PRIVATE))
        message = f"the container subnet {network.subnet} belongs to others in the Internet"
        yield Broken(_subnet_path(host), message, f"write one in {ranges}")


def addresses_are_of_machines(environment: Environment) -> Iterator[Broken]:
    """Each address of a host can be its own: not in a range of containers or of WSL, not at an end of a network."""
    subnets = {name: environment.container_network(host).subnet for name, host in environment.hosts.items()}
    networks = [network for ranges in environment.security.networks.values() for network in ranges]
    for name, host in environment.hosts.items():
        taken = {f"container subnet of `{other}`": subnet for other, subnet in subnets.items()}
        if host.wsl.networking == "nat":
            taken["range of WSL"] = host.wsl.range
        for key, address in (("lan_address", host.lan_address), ("nebula_address", host.nebula_address)):
            reasons = _no_machine(address, taken, networks) if address else ()
            yield from (Broken(("hosts", name, key), f"{address} {reason}") for reason in reasons)


def _no_machine(
    address: IPv4Address, taken: Mapping[str, IPv4Network], networks: Iterable[IPv4Network]
) -> Iterator[str]:
    for what, network in taken.items():
        if address in network:
            yield f"lies in the {what}, {network}"
    for network in networks:
        if network.prefixlen <= _LONGEST_WITH_ENDS and address in {network[0], network[-1]}:
            end = "network's own" if address == network[0] else "broadcast"
            yield f"is the {end} address of {network}; write that of the machine"


def _subnet_path(host: Host) -> Path:
    return ("hosts", host.name, "subnet") if host.subnet else ("hosts", host.name, "id")


def registration_has_a_registry(environment: Environment) -> Iterator[Broken]:
    """Containers are registered where there are several Gateways that tell each other."""
    if environment.cni.register_with_gateways and not environment.several_hosts:
        yield Broken(
            ("cni", "register_with_gateways"),
            "the one Gateway of a single host needs no registry, and WSL does not reach its API",
            "leave the key out",
        )


def ports_are_distinct(environment: Environment) -> Iterator[Broken]:
    """No two programs claim a port: Windows and WSL share them, mirrored or by localhost forwarding."""
    stack = environment.monitoring
    wsl: list[tuple[Path, object]] = [
        *((("monitoring", name, "port"), service.port) for name, service in stack.services.items()),
        (("monitoring", "loki_grpc_port"), stack.loki_grpc_port),
    ]
    windows: list[tuple[Path, object]] = [
        *((("gateway", "ports", name), port) for name, port in environment.gateway.ports),
        (("monitoring", "windows_exporter_port"), stack.windows_exporter_port),
        (("monitoring", "windows_alloy_port"), stack.windows_alloy_port),
    ]
    yield from twice("port", [*windows, *wsl])
    for name, host in environment.hosts.items():
        ports = range(host.wsl.forwarded_ports, host.wsl.forwarded_ports + FORWARDED_PORTS)
        taken = [f"`{'.'.join(map(str, path))}` is {port}" for path, port in [*windows, *wsl] if port in ports]
        if taken and host.wsl.networking == "mirrored":
            yield Broken(
                ("hosts", name, "wsl", "forwarded_ports"),
                f"the ports {ports[0]} to {ports[-1]} lead to containers, but {', '.join(taken)}",
                "write the first of a thousand ports that nothing else uses, such as 20000",
            )

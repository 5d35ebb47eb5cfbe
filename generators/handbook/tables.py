"""Small tables that follow from the model alone: ports of a host, and what is deleted when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from model.access import listeners
from model.deployment import Deployment
from model.environment import Environment
from model.firewall import openings
from model.host import Host
from model.names import LOG_KINDS
from model.rules.capacity import disk_of
from model.values import SizeValue
from model.ways import ways


@dataclass(frozen=True)
class Row:
    """A port: what listens, where, and who reaches it: names of networks, or the name of a phrase."""

    port: int
    protocol: str
    program: str
    address: str
    reached: str = "by_this_host"
    networks: tuple[str, ...] = ()


def ports(deployment: Deployment) -> dict[str, Any]:
    """The facts of the page of ports."""
    environment = deployment.environment
    return {
        "hosts": [
            (host, _windows(environment, host), _wsl(environment, host))
            for _, host in sorted(environment.hosts.items())
        ],
        "networks": environment.security.networks,
    }


def _windows(environment: Environment, host: Host) -> list[Row]:
    stack, gateway = environment.monitoring, environment.gateway
    rows = [
        Row(stack.windows_exporter_port, "tcp", "windows_exporter", "127.0.0.1", "by_gateway"),
        Row(stack.windows_alloy_port, "tcp", "Alloy", "127.0.0.1", "by_gateway"),
    ]
    opened = {opening.name: opening for opening in openings(environment, host)}
    rows += [
        Row(rule.port, rule.protocol, name, "*", networks=opened[f"security-{name}"].networks)
        for name, rule in sorted(environment.security.firewall.items())
    ]
    if "gateway" in host.roles:
        for name, port in (("gateway-http", gateway.ports.http), ("gateway-https", gateway.ports.https)):
            networks = opened[name].networks if name in opened else ()  # a host may have no site
            rows.append(Row(port, "tcp", "Gateway", "*", networks=networks))
        overlay = str(host.nebula_address or "127.0.0.1")
        rows.append(Row(gateway.ports.api, "tcp", "Gateway (API)", overlay, "by_gateways"))
        rows.append(_metrics(environment, host))
    return sorted(rows, key=lambda row: row.port)


def _metrics(environment: Environment, host: Host) -> Row:
    (ingress,) = (each for each in listeners(environment, host) if each.name == "metrics")
    row = Row(ingress.port, "tcp", "Gateway (metrics)", ", ".join(ingress.addresses), "by_monitoring")
    if host != environment.monitoring_host:
        return row
    if host.wsl.networking == "nat":
        return replace(row, networks=(str(host.wsl.range),))
    return replace(row, reached="by_hosts" if environment.several_hosts else "by_this_host")


def _wsl(environment: Environment, host: Host) -> list[Row]:
    stack = environment.monitoring
    rows = [
        Row(service.port, "tcp", name.replace("_", "-"), "127.0.0.1")
        for name, service in stack.services_on(host.roles).items()
    ]
    if host == environment.monitoring_host:
        rows.append(Row(stack.loki_grpc_port, "tcp", "loki (gRPC)", "127.0.0.1"))
    subnet = str(environment.container_network(host).subnet)
    reached = "by_gateways" if environment.several_hosts else "by_gateway"
    rows += [
        Row(port, "tcp", load.name, subnet, reached) for load in environment.workloads_on(host) for port in load.ports
    ]
    rows += [
        Row(way.local, "tcp", f"{way.workload} ({way.port})", "127.0.0.1", "by_gateway")
        for way in ways(environment, host)
        if way.local
    ]
    return sorted(rows, key=lambda row: row.port)


def retention(deployment: Deployment) -> dict[str, Any]:
    """The facts of the page of retention."""
    environment = deployment.environment
    table = environment.retention
    return {
        "table": table,
        "kinds": [(kind, table.logs.of(kind)) for kind in LOG_KINDS],
        "disks": [(host, _disk(environment, host)) for _, host in sorted(environment.hosts.items())],
    }


def _disk(environment: Environment, host: Host) -> list[tuple[str, SizeValue]]:
    return [(part, size) for part, size in disk_of(environment, host).items() if size.bytes]

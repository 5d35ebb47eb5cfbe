"""CNI: the conflist, the shim that observes the plugin, the collector of metrics, the addresses of workloads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generators.emit import to_json
from generators.files import RenderedFile, wsl_file
from generators.templates import render
from model.cni import DURATION_BUCKETS, NETWORK
from model.deployment import Deployment
from model.environment import Environment
from model.gateway import CLIENT_CONNECTIONS
from model.host import Host
from model.stateful import CNI_RECORDS, CNI_TEXTFILES
from model.ways import needs_route, ways

HERE = Path(__file__).parent
SCRIPTS = "/usr/local/lib/flatnet-ops"
UPSTREAMS = "flatnet-upstreams.service"
UNITS = (
    "flatnet-cni-collector.service",
    "flatnet-cni-collector.timer",
    "flatnet-upstreams.path",
    UPSTREAMS,
    "flatnet-upstreams.timer",
)


def generate(deployment: Deployment) -> Iterator[RenderedFile]:
    """Render the files of each host that runs containers."""
    environment = deployment.environment
    for host in environment.hosts_with("containers"):
        yield wsl_file(host.name, environment.cni.conflist, to_json(conflist(environment, host)))
        yield wsl_file(host.name, "/etc/flatnet-ops/cni.json", to_json(settings(environment, host)))
        if environment.cni.observe:
            yield _script(host, environment.cni.shim)
        for name in ("cni-collector", "cni_operations.py", "cni_state.py", "cni_ways.py", "upstreams"):
            yield _script(host, f"{SCRIPTS}/{name}")
        for unit in UNITS:
            text = render(
                HERE / "templates",
                f"{unit}.j2",
                deployment.name,
                scripts=SCRIPTS,
                allocations=environment.cni.allocations,
                interval=environment.monitoring.scrape_interval,
            )
            started = unit.replace(".service", ".timer")
            reload = f"systemctl daemon-reload && systemctl restart {started}"
            yield wsl_file(host.name, f"/etc/systemd/system/{unit}", text, reload=reload)
        yield from _forwards(deployment, host)


def _forwards(deployment: Deployment, host: Host) -> Iterator[RenderedFile]:
    """A socket and a service for each port of loopback that leads to a container."""
    for way in ways(deployment.environment, host):
        for kind in ("service", "socket") if way.local else ():
            text = render(
                HERE / "templates",
                f"flatnet-forward.{kind}.j2",
                deployment.name,
                way=way,
                connections=CLIENT_CONNECTIONS,
            )
            # The service that starts it again knows the address.
            reload = f"systemctl daemon-reload && systemctl stop '{way.unit}.*' && systemctl start {UPSTREAMS}"
            yield wsl_file(host.name, f"/etc/systemd/system/{way.unit}.{kind}", text, reload=reload)


def conflist(environment: Environment, host: Host) -> dict[str, Any]:
    """The network that containers join. Podman looks for a program with the name of `type`."""
    network = environment.container_network(host)
    registers = environment.registers_containers
    endpoint = f"http://{host.nebula_address}:{environment.gateway.ports.api}/api/containers"
    plugin = {
        "type": environment.cni.entry.rsplit("/", 1)[1],
        "bridge": environment.cni.bridge,
        "mtu": environment.cni.mtu,
        "ipMasq": True,
        "hostId": host.id,
        "registryEndpoints": [endpoint] if registers else [],
        "registryEnabled": registers,
        "ipam": {
            "type": "flatnet-ipam",
            "hostId": host.id,
            "subnet": str(network.subnet),
            "gateway": str(network.gateway),
            "routes": [{"dst": "0.0.0.0/0"}],
        },
        "dns": {},
    }
    return {"cniVersion": "1.0.0", "name": NETWORK, "plugins": [plugin]}


def settings(environment: Environment, host: Host) -> dict[str, Any]:
    """What the shim, the collector and the writer of addresses read."""
    cni, network = environment.cni, environment.container_network(host)
    return {
        "plugin": cni.binary,
        "entry": cni.entry,
        "observe": cni.observe,
        "network": NETWORK,
        "conflist": cni.conflist,
        "allocations": cni.allocations,
        "pool": {"first": str(network.first), "last": str(network.last)},
        "log": cni.log,
        "records": CNI_RECORDS,
        "buckets": list(DURATION_BUCKETS),
        "textfile": f"{CNI_TEXTFILES}/cni.prom",
        "mount": host.windows.folder.mount,
        "told": f"{CNI_TEXTFILES}/told-windows.prom",
        "upstreams": host.windows.upstreams.seen_from_wsl,
        "ways": [
            {"workload": way.workload, "port": way.port, "local": way.local, "unit": way.unit, "target": way.target}
            for way in ways(environment, host)
        ],
        "wsl_address": host.windows.wsl_address.seen_from_wsl if needs_route(host) else None,
    }


def _script(host: Host, path: str) -> RenderedFile:
    name = path.rsplit("/", 1)[1]
    text = (HERE / "host" / name).read_text(encoding="utf-8")
    return wsl_file(host.name, path, text, mode=0o644 if name.endswith(".py") else 0o755)

"""Alloy: the collectors of logs, one in WSL and one on Windows for each host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from generators.files import RenderedFile, windows_file, wsl_file
from generators.templates import render
from model.deployment import Deployment
from model.host import Host
from model.logs import OLDEST_READ
from model.names import Component
from model.secrets import secret_path, windows_secret_path

TEMPLATES = Path(__file__).parent / "templates"

# Where Podman writes a container whose log driver is k8s-file (`--log-opt path=` of its unit): named by container.
CONTAINER_LOGS = "/var/log/flatnet-ops/containers"


def generate(deployment: Deployment) -> Iterator[RenderedFile]:
    """Render both collectors of each host."""
    for _, host in sorted(deployment.environment.hosts.items()):
        yield wsl_file(
            host.name,
            "/etc/alloy/config.alloy",
            _wsl(deployment, host),
            reload=f"curl -fsS -X POST http://127.0.0.1:{deployment.environment.monitoring.alloy.port}/-/reload",
        )
        yield windows_file(
            host.name,
            host.windows.folder / "ops/alloy/config.alloy",
            _windows(deployment, host),
            reload="Restart-Service Alloy",
        )


def _wsl(deployment: Deployment, host: Host) -> str:
    environment = deployment.environment
    logs, files = host.windows.collected.seen_from_wsl, environment.gateway.logs
    workloads = environment.workloads_on(host)
    services = environment.monitoring.services_on(host.roles)
    containers = sorted([*(name.replace("_", "-") for name in services), *(w.name for w in workloads)])
    return render(
        TEMPLATES,
        "wsl.alloy.j2",
        deployment.name,
        comment="//",
        host=host.name,
        zone=environment.time.zone,
        access=f"{logs}/{files.access}-*" if "gateway" in host.roles else None,
        error=f"{logs}/{files.error}-*" if "gateway" in host.roles else None,
        cni=environment.cni.log if "containers" in host.roles else None,
        files=[(w.name, f"{CONTAINER_LOGS}/{w.name}.log") for w in workloads if w.log_driver == "k8s-file"],
        containers="|".join(containers),
        oldest=OLDEST_READ,
        **_way(deployment, host, "wsl"),
    )


def _windows(deployment: Deployment, host: Host) -> str:
    component: Component = "windows"
    channels = [(channel.lower(), channel) for channel in deployment.environment.logs.windows_events]
    return render(
        TEMPLATES,
        "windows.alloy.j2",
        deployment.name,
        comment="//",
        host=host.name,
        component=component,
        channels=channels,
        bookmarks=[(host.windows.folder / "ops/alloy" / f"{name}.bookmark").backslashed for name, _ in channels],
        **_way(deployment, host, "windows"),
    )


def _way(deployment: Deployment, host: Host, side: str) -> dict[str, str | None]:
    """Where lines are sent: to Loki on the monitoring host; from others through its Gateway, with a token."""
    environment = deployment.environment
    monitor = environment.monitoring_host
    if host == monitor:
        return {"url": f"http://127.0.0.1:{environment.monitoring.loki.port}/loki/api/v1/push", "token": None}
    token = environment.gateway.ingress_token
    windows_path = windows_secret_path(host, token).backslashed
    return {
        "url": f"http://{monitor.nebula_address}:{environment.gateway.ports.metrics}/loki/api/v1/push",
        "token": secret_path(token) if side == "wsl" else windows_path,
    }

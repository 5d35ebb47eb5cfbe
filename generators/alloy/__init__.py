"""Alloy: the collectors of logs, one in WSL and one on Windows for each host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from generators.emit import to_json
from generators.files import RenderedFile, windows_file, wsl_file
from generators.templates import render
from model.collected import COLLECTING, collected_logs
from model.deployment import Deployment
from model.host import Host
from model.logs import LONGEST_PAUSE, OLDEST_READ, SEND_TIMEOUT, SETTLED
from model.names import Component
from model.secrets import secret_path, windows_secret_path
from model.stateful import DATA
from model.values import DurationValue

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
SETTINGS = "/etc/flatnet-ops/collecting.json"
UNITS = ("flatnet-collecting.service", "flatnet-collecting.timer")


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
        yield from _collecting(deployment, host)


def _collecting(deployment: Deployment, host: Host) -> Iterator[RenderedFile]:
    """What keeps lines from being lost when the collector ends, or while a log is rotated."""
    environment = deployment.environment
    script = (HERE / "host/collecting").read_text(encoding="utf-8")
    settings = {
        "storage": f"{DATA}/alloy",
        "metrics": f"http://127.0.0.1:{environment.monitoring.alloy.port}/metrics",
        "settled_seconds": SETTLED,
        "logs": [
            {"path": log.path, "budget_bytes": environment.retention.logs.of(log.kind).per_day.bytes}
            for log in collected_logs(environment, host)
        ],
    }
    yield wsl_file(host.name, COLLECTING, script, mode=0o755)
    yield wsl_file(host.name, SETTINGS, to_json(settings))
    for unit in UNITS:
        text = render(TEMPLATES, f"{unit}.j2", deployment.name, script=COLLECTING)
        reload = f"systemctl daemon-reload && systemctl restart {UNITS[1]}"
        yield wsl_file(host.name, f"/etc/systemd/system/{unit}", text, reload=reload)


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
        files=collected_logs(environment, host),
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


def _way(deployment: Deployment, host: Host, side: str) -> dict[str, str | int | None]:
    """Where lines are sent: to Loki on the monitoring host; from others through its Gateway, with a token."""
    environment = deployment.environment
    monitor, pause = environment.monitoring_host, deployment.pace.wait(DurationValue(LONGEST_PAUSE))
    waits = {"timeout": SEND_TIMEOUT, "pause": pause.seconds}
    if host == monitor:
        url = f"http://127.0.0.1:{environment.monitoring.loki.port}/loki/api/v1/push"
        return {"url": url, "token": None, **waits}
    token = environment.gateway.ingress_token
    windows_path = windows_secret_path(host, token).backslashed
    return {
        "url": f"http://{monitor.nebula_address}:{environment.gateway.ports.metrics}/loki/api/v1/push",
        "token": secret_path(token) if side == "wsl" else windows_path,
        **waits,
    }

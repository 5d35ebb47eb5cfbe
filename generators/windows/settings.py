"""What differs from host to host in the scripts: their settings."""

from __future__ import annotations

from typing import Any

from generators.windows import heartbeat
from generators.windows.words import say
from model import names
from model.deployment import Deployment
from model.gateway import nginx_conf
from model.host import Host
from model.tasks import tasks
from model.values import WindowsPathValue
from model.ways import needs_route

# How long nginx may take to start, and to open its files again.
_WAIT_SECONDS = 30
_SERVICE = "S-1-5-19"  # LocalService
_USERS = "S-1-5-32-545"


def settings(deployment: Deployment, host: Host) -> dict[str, Any]:
    """The settings of a host's scripts."""
    environment, windows = deployment.environment, host.windows
    found = list(tasks(environment, host))
    return {
        "source": names.WINDOWS_SOURCE,
        "state": (windows.ops / "state").backslashed,
        "folder": windows.folder.backslashed,
        "reset": {
            "folders": [path.backslashed for path in (windows.openresty, windows.config, windows.ops)],
            "except": windows.secrets.backslashed,
        },
        "folders": _folders(host),
        "metrics": {
            "folder": windows.textfiles.backslashed,
            "last_run": names.WINDOWS_TASK_LAST_RUN,
            "last_success": names.WINDOWS_TASK_LAST_SUCCESS,
            "last_exit": names.WINDOWS_TASK_LAST_EXIT,
            "log_bytes": names.WINDOWS_LOG_BYTES,
        },
        "nginx": {
            "program": (windows.openresty / "nginx.exe").backslashed,
            "arguments": ["-p", f"{windows.openresty}/", "-c", str(nginx_conf(host))],
            "pid": (windows.logs / "nginx.pid").backslashed,
            "wait_seconds": _WAIT_SECONDS,
        },
        "rotation": {"logs": _logs(deployment, host)},
        "certificate": {
            "file": (windows.certificates / "gateway.crt").backslashed,
            "loaded": (windows.ops / "state/certificate.sha256").backslashed,
        },
        "configuration": {
            "folder": windows.config.backslashed,
            "certificates": windows.certificates.backslashed,
            "generations": (windows.ops / "generations").backslashed,
            "last": (windows.ops / "state/configuration.sha256").backslashed,
            "keep": environment.retention.backups.configuration_generations,
        },
        "heartbeat": heartbeat.settings(deployment, host),
        "route": _route(deployment, host),
        "tasks": {
            "folder": names.WINDOWS_TASKS,
            "system": [task.name for task in found if task.run_as != "account"],
            "account": [task.name for task in found if task.run_as == "account"],
            "user": windows.account,
            "why": say("why_password", environment.language),
        },
    }


def _folders(host: Host) -> list[dict[str, Any]]:
    """Every folder of ours and of nginx, the outermost first, and who may do what in it and below.

    RX reads and enters, M changes too; the system and Administrators may do everything, nobody else anything. What runs
    as a service, what it loads and what it is told lie where none of the two others writes.
    """
    windows, ops, account = host.windows, host.windows.ops, host.windows.account
    reads = {_SERVICE: "RX", account: "RX"}
    wanted: list[tuple[WindowsPathValue, dict[str, str]]] = [
        (windows.folder, reads),
        (windows.openresty, {_SERVICE: "RX"}),
        (windows.openresty / "logs", {_SERVICE: "M"}),  # where nginx logs until it has read its configuration
        (windows.openresty / "temp", {_SERVICE: "M"}),
        (windows.config, reads),
        (windows.certificates, {_SERVICE: "RX", account: "M"}),  # WSL renews them
        (windows.logs, {_SERVICE: "M", account: "RX"}),
        (windows.collected, {_SERVICE: "M", account: "RX"}),
        (ops, {_SERVICE: "RX", _USERS: "RX"}),
        (ops / "dead-mans-switch", {_SERVICE: "M", _USERS: "RX"}),
        (windows.from_wsl, {_SERVICE: "RX", account: "M"}),
        (ops / "generations", {_SERVICE: "M"}),
        (windows.secrets, {}),  # each file has rights of its own
        (ops / "state", {_SERVICE: "M", _USERS: "RX"}),
        (windows.textfiles, {_SERVICE: "M", _USERS: "RX"}),
    ]
    return [
        {"path": path.backslashed, "grants": [{"who": who, "may": may} for who, may in grants.items()]}
        for path, grants in wanted
    ]


def _route(deployment: Deployment, host: Host) -> dict[str, Any] | None:
    """What `keep-route.ps1` needs; None: there is nothing to lead to, or no route leads there."""
    if not needs_route(host):
        return None
    return {
        "destination": str(deployment.environment.container_network(host).subnet),
        "file": host.windows.wsl_address.backslashed,
        "first": str(host.wsl.range.network_address),
        "last": str(host.wsl.range.broadcast_address),
    }


def _logs(deployment: Deployment, host: Host) -> list[dict[str, Any]]:
    folder, retention = host.windows.logs, deployment.environment.retention.logs
    logs = deployment.environment.gateway.logs
    found = []
    for key, name in logs.files.items():
        row = retention.gateway_error if key == "error" else retention.gateway_access
        found.append(
            {
                "name": name,
                "folder": folder.backslashed,
                "path": (folder / name).backslashed,
                "collected": host.windows.collected.backslashed if key in logs.collected else None,
                "daily": row.rotate == "daily",
                "max_bytes": row.max_size.bytes,
                "keep_days": round(row.keep.days),
                "budget_bytes": round(row.keep.days) * row.per_day.bytes,
            }
        )
    return found

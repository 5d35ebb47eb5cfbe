"""What differs from host to host in the scripts: their settings."""

from __future__ import annotations

from typing import Any

from generators.windows import heartbeat
from generators.windows.tasks import tasks
from generators.windows.words import say
from model import names
from model.deployment import Deployment
from model.host import Host
from model.names import LogKind
from model.values import WindowsPathValue

# How long nginx may take to open its files again.
_WAIT_SECONDS = 30
# Which row of the retention table speaks of a log of the Gateway.
_KINDS: dict[str, LogKind] = {"access": "gateway_access", "api": "gateway_access", "error": "gateway_error"}
_SERVICE = "*S-1-5-19:(OI)(CI)"
_USERS = "*S-1-5-32-545:(OI)(CI)"


def settings(deployment: Deployment, host: Host) -> dict[str, Any]:
    """The settings of a host's scripts."""
    environment, windows = deployment.environment, host.windows
    found = list(tasks(environment, host))
    return {
        "source": names.WINDOWS_SOURCE,
        "state": (windows.ops / "state").backslashed,
        "folders": [{"path": path.backslashed, "grants": grants} for path, grants in _folders(host)],
        "metrics": {
            "folder": windows.textfiles.backslashed,
            "last_run": names.WINDOWS_TASK_LAST_RUN,
            "last_success": names.WINDOWS_TASK_LAST_SUCCESS,
            "last_exit": names.WINDOWS_TASK_LAST_EXIT,
            "log_bytes": names.WINDOWS_LOG_BYTES,
        },
        "nginx": {
            "program": (windows.folder / "openresty/nginx.exe").backslashed,
            "arguments": ["-p", f"{windows.folder / 'openresty'}/", "-c", str(windows.config / "nginx.conf")],
            "pid": (windows.logs / "nginx.pid").backslashed,
        },
        "rotation": {"wait_seconds": _WAIT_SECONDS, "logs": _logs(deployment, host)},
        "certificate": {
            "file": (windows.certificates / "gateway.crt").backslashed,
            "loaded": (windows.ops / "state/certificate.sha256").backslashed,
        },
        "configuration": {
            "folder": windows.config.backslashed,
            "generations": (windows.ops / "generations").backslashed,
            "last": (windows.ops / "state/configuration.sha256").backslashed,
            "keep": environment.retention.backups.configuration_generations,
        },
        "heartbeat": heartbeat.settings(deployment, host),
        "tasks": {
            "folder": names.WINDOWS_TASKS,
            "system": [task.name for task in found if task.run_as == "service"],
            "account": [task.name for task in found if task.run_as == "account"],
            "user": windows.account,
            "why": say("why_password", environment.language),
        },
    }


def _folders(host: Host) -> list[tuple[WindowsPathValue, list[str]]]:
    """Every folder that our scripts need, and who beside the system and Administrators may do what in it.

    R reads, X enters, M changes; both hold for what lies in the folder too. The outermost comes first.
    """
    ops, account = host.windows.ops, host.windows.account
    writing = [f"{_SERVICE}M", f"{_USERS}RX"]
    return [
        (host.windows.config, [f"{_SERVICE}RX", f"{account}:(OI)(CI)M"]),
        (host.windows.certificates, [f"{_SERVICE}RX", f"{account}:(OI)(CI)M"]),
        (host.windows.logs, [f"{_SERVICE}M", f"{account}:(OI)(CI)M"]),
        (host.windows.collected, [f"{_SERVICE}M", f"{account}:(OI)(CI)M"]),
        (ops, [f"{_SERVICE}RX", f"{_USERS}RX"]),
        (ops / "dead-mans-switch", writing),
        (ops / "gateway", [f"{_SERVICE}RX", f"{account}:(OI)(CI)M"]),
        (ops / "generations", [f"{_SERVICE}M"]),
        (ops / "secrets", []),
        (ops / "state", writing),
        (ops / "textfile", writing),
    ]


def _logs(deployment: Deployment, host: Host) -> list[dict[str, Any]]:
    folder, retention = host.windows.logs, deployment.environment.retention.logs
    logs = deployment.environment.gateway.logs
    found = []
    for key, name in logs.files.items():
        row = retention.of(_KINDS[key])
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

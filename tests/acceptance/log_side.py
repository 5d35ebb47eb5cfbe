"""What writes logs beside the programs of a running stack: a journal of containers and system, and Windows' events.

The journal is written by Debian's own writer; the event log's collector, which runs on Windows alone, pushes as its
configuration says.
"""

from __future__ import annotations

import json
import time
from typing import Any

from model.deployment import Deployment
from tests.acceptance.scratch_host import ScratchHost

WRITER = "/lib/systemd/systemd-journal-remote"
FOLDER = "/var/log/journal/4ad6a92fdf2f4d4b9d0d8d9f0a1b2c3d"
LEVELS = {"debug": 7, "info": 6, "warn": 4, "error": 3, "fatal": 2}  # and the journal's priority of each


def journal(scratch: ScratchHost, deployment: Deployment) -> None:
    """A line of each level by each container of the host, and by the system."""
    environment = deployment.environment
    containers = [name.replace("_", "-") for name in environment.monitoring.services]
    containers += [workload.name for workload in environment.workloads_on(environment.monitoring_host)]
    entries = "".join(_entry(priority, f"systemd says {level}", {}) for level, priority in LEVELS.items())
    for name in containers:
        for level in LEVELS:
            entries += _entry(3, f'level={level} msg="a line of {name}"', {"CONTAINER_NAME": name})
    scratch.run(["mkdir", "-p", FOLDER])
    scratch.run([WRITER, f"--output={FOLDER}/system.journal", "-"], text=entries)


def _entry(priority: int, message: str, more: dict[str, str]) -> str:
    now = time.time_ns() // 1000
    fields = {
        "__REALTIME_TIMESTAMP": now,
        "__MONOTONIC_TIMESTAMP": now,
        "_BOOT_ID": "4ad6a92fdf2f4d4b9d0d8d9f0a1b2c3d",
        "PRIORITY": priority,
        "SYSLOG_IDENTIFIER": "podman" if more else "systemd",
        "_SYSTEMD_UNIT": f"{more['CONTAINER_NAME']}.service" if more else "init.scope",
        "MESSAGE": message,
        **more,
    }
    return "".join(f"{key}={value}\n" for key, value in fields.items()) + "\n"


def pushed(scratch: ScratchHost, deployment: Deployment, url: str) -> None:
    """What collectors push that do not run here: that of Windows, and those of other hosts."""
    environment = deployment.environment
    now = str(time.time_ns())
    event = json.dumps({"source": "Service Control Manager", "event_id": 7036, "message": "a service ended"})
    streams: list[dict[str, Any]] = []
    for name, host in sorted(environment.hosts.items()):
        for level in ("INFO", "WARN", "ERROR"):
            labels = {"kind": "windows", "component": "windows", "channel": "System", "host": name, "level": level}
            streams.append({"stream": labels, "values": [[now, event]]})
        for workload in environment.workloads_on(host) if host != environment.monitoring_host else ():
            own = {"kind": "containers", "component": "containers", "container": workload.name, "host": name}
            streams.append({"stream": {**own, "level": "INFO"}, "values": [[now, "a line of a container"]]})
    push = ["curl", "-fsS", "-H", "Content-Type: application/json", "--data-binary", "@-", url]
    scratch.run(push, text=json.dumps({"streams": streams}))

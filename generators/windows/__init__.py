"""Windows: rotation of logs, scheduled tasks, firewall, windows_exporter, .wslconfig, and what watches and saves.

The scripts are plain files; what differs from host to host is data beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from generators.emit import to_json, to_yaml
from generators.files import RenderedFile, windows_file
from generators.windows import configuration, firewall, settings
from generators.windows.tasks import xml
from model.deployment import Deployment
from model.host import Host
from model.names import TASK_KEEP_ROUTE, TASK_WATCH_HEARTBEAT
from model.tasks import tasks

SCRIPTS = Path(__file__).parent / "host"
TASKS_OF_SOME_HOSTS = {TASK_KEEP_ROUTE, TASK_WATCH_HEARTBEAT}
_SHELL = "powershell.exe -NoProfile -ExecutionPolicy Bypass -File"


def generate(deployment: Deployment) -> Iterator[RenderedFile]:
    """Render scripts, their settings, and what Windows imports, for each host."""
    for _, host in sorted(deployment.environment.hosts.items()):
        yield from _scripts(deployment, host)
        yield from _tasks(deployment, host)
        ops = host.windows.ops
        wanted = firewall.wanted(deployment, host)
        reload = f"{_SHELL} {(ops / 'apply-firewall.ps1').backslashed}"
        yield windows_file(host.name, ops / "firewall.json", to_json(wanted), reload=reload)
        exporter = to_yaml(configuration.windows_exporter(deployment, host), deployment.name)
        path = configuration.exporter_path(host)
        yield windows_file(host.name, path, exporter, reload="Restart-Service windows_exporter")
        text = configuration.wslconfig(deployment, host)
        yield windows_file(
            host.name, configuration.wslconfig_path(host), text, reload="wsl.exe --shutdown", form="crlf"
        )


def _scripts(deployment: Deployment, host: Host) -> Iterator[RenderedFile]:
    ops = host.windows.ops
    for script in sorted(SCRIPTS.glob("*.ps1")):
        if script.stem in TASKS_OF_SOME_HOSTS - {task.name for task in tasks(deployment.environment, host)}:
            continue
        yield windows_file(host.name, ops / script.name, script.read_text(encoding="utf-8"), form="powershell")
    reload = f"{_SHELL} {(ops / 'prepare.ps1').backslashed}"
    text = to_json(settings.settings(deployment, host))
    yield windows_file(host.name, ops / "settings.json", text, reload=reload)


def _tasks(deployment: Deployment, host: Host) -> Iterator[RenderedFile]:
    ops = host.windows.ops
    reload = f"{_SHELL} {(ops / 'register-tasks.ps1').backslashed}"
    for task in tasks(deployment.environment, host):
        text = xml(task, host, deployment.environment.language)
        yield windows_file(host.name, ops / f"tasks/{task.name}.xml", text, reload=reload, form="utf-16")

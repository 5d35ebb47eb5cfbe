"""The far end of the dead man's switch: what it watches, whom it tells, and in which words."""

from __future__ import annotations

from typing import Any

from generators.windows.words import say
from model.deployment import Deployment
from model.heartbeat import watched_by, watches
from model.host import POWERSHELL_RUNS, Host
from model.names import TASK_KEEP_ALIVE, WATCHDOG, WINDOWS_TASKS
from model.secrets import windows_secret_path


def settings(deployment: Deployment, host: Host) -> dict[str, Any] | None:
    """The settings of `watch-heartbeat.ps1`; None: the far end is elsewhere."""
    environment = deployment.environment
    if not watches(environment, host):
        return None
    switch, language = environment.notifications.dead_mans_switch, environment.language
    watched = [_stack(deployment, host, None)] if host == environment.monitoring_host else []
    following = watched_by(environment, host)
    if following:
        url = f"http://{following.nebula_address}:{environment.gateway.ports.metrics}/heartbeat"
        monitors = following == environment.monitoring_host
        watched.append(_stack(deployment, host, url) if monitors else _machine(deployment, host, following, url))
    prepare = f'{host.windows.powershell} {POWERSHELL_RUNS} "{(host.windows.ops / "prepare.ps1").backslashed}"'
    return {
        "state": (host.windows.ops / "dead-mans-switch/state").backslashed,
        "silent_seconds": switch.silent_for.seconds,
        "repeat_seconds": switch.repeat.seconds,
        "watched": watched,
        "forgets_subject": say("forgets_subject", language, host=host.name),
        "forgets_text": say("forgets_text", language, host=host.name, drive=host.windows.folder.drive, prepare=prepare),
        "test_subject": say("test_subject", language, host=host.name),
        "test_text": say("test_text", language),
        **_ways(deployment, host),
    }


def _stack(deployment: Deployment, watcher: Host, url: str | None) -> dict[str, Any]:
    """The monitoring stack: by the file that the Gateway writes, or by the Gateway of another machine."""
    environment = deployment.environment
    language, monitor = environment.language, environment.monitoring_host
    runbooks = environment.notifications.runbooks.rstrip("/")
    return {
        "name": monitor.name,
        "file": None if url else monitor.windows.heartbeat.backslashed,
        "url": url,
        "beats": True,
        "silent": say("silent_stack", language),
        "steps": say(
            "steps_stack",
            language,
            watcher=watcher.name,
            distribution=monitor.wsl.distribution,
            task=f"\\{WINDOWS_TASKS}\\{TASK_KEEP_ALIVE}",
            runbook=f"{runbooks}/{language}/runbooks/{WATCHDOG}.md",
        ),
        "over": say("over_stack", language),
        "since": say("since", language),
    }


def _machine(deployment: Deployment, watcher: Host, watched: Host, url: str) -> dict[str, Any]:
    language = deployment.environment.language
    return {
        "name": watched.name,
        "file": None,
        "url": url,
        "beats": False,
        "silent": say("silent_machine", language),
        "steps": say("steps_machine", language, watcher=watcher.name, lan=str(watched.lan_address), url=url),
        "over": say("over_machine", language),
        "since": say("since", language),
    }


def _ways(deployment: Deployment, host: Host) -> dict[str, Any]:
    notifications = deployment.environment.notifications
    receiver, smtp = notifications.receivers[notifications.dead_mans_switch.receiver], notifications.smtp
    slack, mail = None, None
    if receiver.slack:
        url_file = windows_secret_path(host, receiver.slack.url).backslashed
        slack = {"channel": receiver.slack.channel, "url_file": url_file}
    if receiver.email and smtp:
        mail = {
            "host": smtp.host,
            "port": smtp.port,
            "starttls": smtp.starttls,
            "from": smtp.sender,
            "to": list(receiver.email.to),
            "username": smtp.username,
            "password_file": windows_secret_path(host, smtp.password).backslashed if smtp.password else None,
        }
    return {"slack": slack, "mail": mail}

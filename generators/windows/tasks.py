"""Scheduled tasks, as the Task Scheduler imports them ([MS-TSCH] 2.5).

Triggers have their elements in the order of the schema. Every task says that it runs on battery and for how long, since
the defaults are not to start on battery and to end after 72 hours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET  # only written here, never read

from generators.windows.words import say
from model.bilingual import Language
from model.environment import Environment
from model.heartbeat import HEARTBEAT_EVERY, watches
from model.host import POWERSHELL_RUNS, Host
from model.names import (
    TASK_KEEP_ALIVE,
    TASK_KEEP_ROUTE,
    TASK_ROTATE_LOGS,
    TASK_SAVE_CONFIGURATION,
    TASK_WATCH_CERTIFICATE,
    TASK_WATCH_HEARTBEAT,
    WINDOWS_SOURCE,
    WINDOWS_TASKS,
)
from model.ways import needs_route

_NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_LOCAL_SERVICE = "S-1-5-19"  # the account of the Gateway's service: only it may signal nginx
_SYSTEM = "S-1-5-18"  # it alone, beside administrators, may change routes
_LONG_AGO = "2026-01-01T00:00:00"  # local time; a repetition counts from here


@dataclass(frozen=True)
class Task:
    """One task. `run_as`: the account of the service, that of WSL, whose password Windows keeps, or the system."""

    name: str
    every_minutes: int
    run_as: Literal["service", "account", "system"] = "service"


def tasks(environment: Environment, host: Host) -> Iterator[Task]:
    """The tasks of a host, by name."""
    yield Task(TASK_KEEP_ALIVE, 1, "account")
    if needs_route(host):
        yield Task(TASK_KEEP_ROUTE, 1, "system")
    yield Task(TASK_ROTATE_LOGS, 5)
    yield Task(TASK_SAVE_CONFIGURATION, 5)
    yield Task(TASK_WATCH_CERTIFICATE, 5)
    if watches(environment, host):
        yield Task(TASK_WATCH_HEARTBEAT, HEARTBEAT_EVERY.seconds // 60)


def xml(task: Task, host: Host, language: Language) -> str:
    """The definition of a task."""
    root = ET.Element("Task", {"version": "1.2", "xmlns": _NAMESPACE})
    info = ET.SubElement(root, "RegistrationInfo")
    _texts(info, Author=WINDOWS_SOURCE, Description=say(f"task_{task.name}", language))
    _texts(info, URI=f"\\{WINDOWS_TASKS}\\{task.name}")
    _triggers(ET.SubElement(root, "Triggers"), task, host)
    _principal(ET.SubElement(root, "Principals"), task, host)
    _settings(ET.SubElement(root, "Settings"), task)
    action = ET.SubElement(ET.SubElement(root, "Actions", Context="Author"), "Exec")
    command, arguments = _command(task, host)
    _texts(action, Command=command, Arguments=arguments)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-16"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _texts(parent: ET.Element, **values: str) -> None:
    for name, text in values.items():
        ET.SubElement(parent, name).text = text


def _triggers(triggers: ET.Element, task: Task, host: Host) -> None:
    if task.run_as == "account":
        _texts(ET.SubElement(triggers, "BootTrigger"), Delay="PT30S")
        _texts(ET.SubElement(triggers, "LogonTrigger"), UserId=host.windows.account)
    again = ET.SubElement(triggers, "TimeTrigger")
    _texts(again, StartBoundary=_LONG_AGO)
    _texts(ET.SubElement(again, "Repetition"), Interval=f"PT{task.every_minutes}M", StopAtDurationEnd="false")


def _principal(principals: ET.Element, task: Task, host: Host) -> None:
    principal = ET.SubElement(principals, "Principal", id="Author")
    if task.run_as == "account":
        _texts(principal, UserId=host.windows.account, LogonType="Password", RunLevel="LeastPrivilege")
    elif task.run_as == "system":
        _texts(principal, UserId=_SYSTEM, RunLevel="HighestAvailable")
    else:
        _texts(principal, UserId=_LOCAL_SERVICE, RunLevel="LeastPrivilege")


def _settings(settings: ET.Element, task: Task) -> None:
    _texts(
        settings,
        MultipleInstancesPolicy="IgnoreNew",
        DisallowStartIfOnBatteries="false",
        StopIfGoingOnBatteries="false",
        AllowHardTerminate="true",
        StartWhenAvailable="true",
        AllowStartOnDemand="true",
        Enabled="true",
        RunOnlyIfIdle="false",
        ExecutionTimeLimit="PT0S" if task.run_as == "account" else "PT1H",
    )


def _command(task: Task, host: Host) -> tuple[str, str]:
    if task.name == TASK_KEEP_ALIVE:
        # WSL ends a distribution in which only services run; this one process is what it waits for.
        return (
            f"{host.windows.system}\\wsl.exe",
            f"--distribution {host.wsl.distribution} --exec /usr/bin/sleep infinity",
        )
    script = (host.windows.ops / f"{task.name}.ps1").backslashed
    return host.windows.powershell, f'{POWERSHELL_RUNS} "{script}"'

"""Scheduled tasks, as the Task Scheduler imports them ([MS-TSCH] 2.5).

Triggers have their elements in the order of the schema. Every task says that it runs on battery and for how long, since
the defaults are not to start on battery and to end after 72 hours.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET  # only written here, never read

from generators.windows.words import say
from model.bilingual import Language
from model.host import POWERSHELL_RUNS, Host
from model.names import TASK_KEEP_ALIVE, WINDOWS_SOURCE, WINDOWS_TASKS
from model.tasks import Task

_NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_LOCAL_SERVICE = "S-1-5-19"  # the account of the Gateway's service: only it may signal nginx
_SYSTEM = "S-1-5-18"  # it alone, beside administrators, may change routes
_LONG_AGO = "2026-01-01T00:00:00"  # local time; a repetition counts from here


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

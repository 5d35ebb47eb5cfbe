"""Scheduled tasks of Windows: which a host has, and which of them leave a file of metrics behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from model.environment import Environment
from model.heartbeat import HEARTBEAT_EVERY, watches
from model.host import Host
from model.names import (
    JOB_WINDOWS,
    TASK_KEEP_ALIVE,
    TASK_KEEP_ROUTE,
    TASK_ROTATE_LOGS,
    TASK_SAVE_CONFIGURATION,
    TASK_WATCH_CERTIFICATE,
    TASK_WATCH_HEARTBEAT,
)
from model.ways import needs_route


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


@dataclass(frozen=True)
class MeasuredTasks:
    """Those that every host of an environment has, by name."""

    names: tuple[str, ...]

    @property
    def expected(self) -> str:
        """PromQL: a series for each of them and each host whose Windows answers, with the label `task`."""
        answers = f'up{{job="{JOB_WINDOWS}"}} == 1'
        return " or ".join(f'label_replace({answers}, "task", "{name}", "", "")' for name in self.names)


def measured_tasks(environment: Environment) -> MeasuredTasks:
    """The tasks that measure themselves: those of the service. windows_exporter tells of the others."""
    first, *others = (
        [task.name for task in tasks(environment, host) if task.run_as == "service"]
        for host in environment.hosts.values()
    )
    return MeasuredTasks(tuple(name for name in first if all(name in other for other in others)))

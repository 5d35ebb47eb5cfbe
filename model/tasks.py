"""Scheduled tasks of Windows that leave a file of metrics behind, with how their last run ended."""

from __future__ import annotations

from dataclasses import dataclass

from model.environment import Environment
from model.heartbeat import watches
from model.names import (
    JOB_WINDOWS,
    TASK_ROTATE_LOGS,
    TASK_SAVE_CONFIGURATION,
    TASK_WATCH_CERTIFICATE,
    TASK_WATCH_HEARTBEAT,
)


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
    """The tasks that measure themselves. keep-alive and keep-route do not: windows_exporter tells of them."""
    heartbeat = all(watches(environment, host) for host in environment.hosts.values())
    always = (TASK_ROTATE_LOGS, TASK_SAVE_CONFIGURATION, TASK_WATCH_CERTIFICATE)
    return MeasuredTasks((*always, TASK_WATCH_HEARTBEAT) if heartbeat else always)

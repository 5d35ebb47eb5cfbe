"""One table: how long each thing is kept."""

from typing import Literal

from pydantic import Field

from model.base import Model, WithUsual, usual
from model.names import LogKind
from model.types import Duration, Size
from model.values import DurationValue, SizeValue


def _days(count: int) -> DurationValue:
    return DurationValue(count * 86400)


class LogRetention(Model):
    """How long one kind of log is kept, as files and in Loki."""

    keep: Duration = Field(description="age at which lines and files are deleted; at least 1d")
    per_day: Size = Field(SizeValue(100 << 20), description="how much a day brings at most, for the disk budget")


class FileRetention(LogRetention):
    """A log that is rotated as its retention says."""

    rotate: Literal["daily", "size"] = Field("daily", description="daily, or above max_size; or by size alone")
    max_size: Size = Field(SizeValue(100 << 20), description="size at which a file is rotated before its day is over")


class ContainerRetention(LogRetention):
    """Logs of containers, which Podman rotates by their size and in no other way."""

    rotate: Literal["size"] = "size"
    max_size: Size = Field(SizeValue(100 << 20), description="size at which the file of a container begins anew")


class LogsRetention(WithUsual):
    """Retention by kind of log; the defaults are the plan of record."""

    gateway_access: FileRetention = usual(FileRetention, keep=_days(14))
    gateway_error: FileRetention = usual(FileRetention, keep=_days(30))
    cni: FileRetention = usual(FileRetention, keep=_days(14))
    containers: ContainerRetention = usual(ContainerRetention, keep=_days(7))
    system: FileRetention = usual(FileRetention, keep=_days(7))
    windows: LogRetention = Field(
        usual(LogRetention, keep=_days(7)), description="the event log, whose files Windows itself rotates"
    )

    def of(self, kind: LogKind) -> LogRetention:
        """The row of one kind of log."""
        row = getattr(self, kind)
        assert isinstance(row, LogRetention)
        return row


class MetricsRetention(Model):
    """How long Prometheus keeps its series: whichever limit is reached first."""

    keep: Duration = _days(7)
    max_size: Size = Field(SizeValue(8 << 30), description="size of the blocks; below the disk of Prometheus")


class BackupsRetention(Model):
    """How many restic snapshots are kept."""

    daily: int = Field(7, ge=1, le=366)
    weekly: int = Field(0, ge=0, le=104)
    monthly: int = Field(0, ge=0, le=120)
    configuration_generations: int = Field(
        30,
        ge=3,
        le=1000,
        description="snapshots of the Gateway's and the CNI's configuration that are kept: one for each change",
    )


class Retention(Model):
    """The retention table of the environment."""

    metrics: MetricsRetention = usual(MetricsRetention)
    logs: LogsRetention = usual(LogsRetention)
    backups: BackupsRetention = usual(BackupsRetention)
    reports: Duration = Field(_days(365), description="reports of drills and audits")
    journal_disk: Size = Field(
        SizeValue(4 << 30),
        description="disk of the systemd journal in WSL, which has room for what is kept of system and containers",
    )

"""Where logs are kept, and how much of them is taken."""

from typing import Literal

from pydantic import Field

from model.base import Model, usual
from model.forms import Several
from model.types import Size
from model.values import SizeValue

_MB = 1 << 20

# Hours that a line's time may be away from ours when it arrives. Old: a host that was off for some days still delivers
# what it wrote. New: after a sleep the clock of WSL is behind that of Windows until it is set.
OLDEST_LINE = 168

# Hours that a collector goes back when it has never read: what it reads has to arrive before it is too old.
OLDEST_READ = OLDEST_LINE - 2

# Seconds that a collector waits for Loki's answer, and at most before it tries again.
SEND_TIMEOUT, LONGEST_PAUSE = 10, 30

# Seconds after which a batch that failed has been seen to fail.
SETTLED = SEND_TIMEOUT + LONGEST_PAUSE + 5


# Seconds over which the journal counts what a service writes.
JOURNAL_INTERVAL = 30


class LogLimits(Model):
    """What Loki takes at most; above it, the collector waits and sends later. And what the journal takes of each."""

    rate: Size = Field(SizeValue(8 * _MB), description="bytes per second, all streams together")
    burst: Size = Field(SizeValue(16 * _MB), description="bytes in one go, all streams together")
    stream_rate: Size = Field(SizeValue(4 * _MB), description="bytes per second of one stream")
    streams: int = Field(2000, gt=0, description="streams that are open at one time")
    unit_lines: int = Field(
        2000,
        gt=0,
        le=4000,
        description="lines a second that one service or container may write to the journal, on average over 30 s; what "
        "is more is dropped",
    )


class Logs(Model):
    """The log store and its limits."""

    backend: Literal["loki"] = "loki"
    limits: LogLimits = usual(LogLimits)
    windows_events: Several[Literal["Application", "System", "Security"]] = Field(
        ("Application", "System"), min_length=1, description="Windows event logs that are collected"
    )

"""Where logs are kept, and how much of them is taken."""

from typing import Literal

from pydantic import Field

from model.base import Model, usual
from model.forms import Several
from model.types import Size
from model.values import SizeValue

_MB = 1 << 20

# Hours that a line may be old when it arrives: a host that was off for some days still delivers what it wrote.
OLDEST_LINE = 168

# Hours that a collector goes back when it has never read: what it reads has to arrive before it is too old.
OLDEST_READ = OLDEST_LINE - 2


class LogLimits(Model):
    """What Loki takes at most; above it, the collector waits and sends later."""

    rate: Size = Field(SizeValue(8 * _MB), description="bytes per second, all streams together")
    burst: Size = Field(SizeValue(16 * _MB), description="bytes in one go, all streams together")
    stream_rate: Size = Field(SizeValue(4 * _MB), description="bytes per second of one stream")
    streams: int = Field(2000, gt=0, description="streams that are open at one time")


class Logs(Model):
    """The log store and its limits."""

    backend: Literal["loki"] = "loki"
    limits: LogLimits = usual(LogLimits)
    windows_events: Several[Literal["Application", "System", "Security"]] = Field(
        ("Application", "System"), min_length=1, description="Windows event logs that are collected"
    )

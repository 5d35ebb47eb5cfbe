"""The numbers at which alerts fire and dashboards draw their lines."""

from typing import Annotated

from pydantic import AfterValidator, Field

from model.base import Model
from model.forms import fault
from model.types import Duration
from model.values import DurationValue

_HOUR = 3600
_DAY = 24 * _HOUR


def _at_least(least: DurationValue) -> AfterValidator:
    def check(value: DurationValue) -> DurationValue:
        if value < least:
            raise fault("range", f"{value} is too short for this threshold; write {least} or more")
        return value

    return AfterValidator(check)


# An alert at 100 % could never fire, one at 0 % never end.
Share = Annotated[float, Field(ge=1, le=99)]
Time = Annotated[Duration, _at_least(DurationValue(1))]
Hour = Annotated[Duration, _at_least(DurationValue(_HOUR))]
Days = Annotated[Duration, _at_least(DurationValue(_DAY))]
# Six hours of the past foretell no less than this: a disk that fills sooner has been half empty in none of them.
Forecast = Annotated[Duration, _at_least(DurationValue(8 * 3600))]


class Thresholds(Model):
    """Every number that an alert compares with. The defaults are the plan of record where it names one."""

    gateway_error_ratio: Share = Field(5, description="share of 5xx answers of a site, percent, over 5 minutes")
    gateway_latency_p95: Time = Field(
        DurationValue(1), description="95th percentile of a site's answer time, over 5 minutes"
    )
    gateway_connections: Share = Field(80, description="connections in use, of what the Gateway's platform can hold")
    gateway_dict_used: Share = Field(90, description="used part of a Lua shared dict")
    gateway_error_burst: int = Field(
        50, gt=0, le=10_000, description="lines of level error or worse in a Gateway log in 5 minutes"
    )
    disk_warning: Share = Field(80, description="used part of a disk")
    disk_critical: Share = Field(90, description="used part of a disk at which people are called")
    windows_disk_warning: Share = Field(80, description="used part of a Windows drive")
    windows_disk_critical: Share = Field(
        90, description="used part of a Windows drive at which people are called; one of them holds the VHDX of WSL"
    )
    disk_full_in: Forecast = Field(
        DurationValue(_DAY), description="a disk that will be full within this time, if it goes on as in the last 6 h"
    )
    memory_used: Share = Field(90, description="used part of the memory of WSL")
    windows_memory_used: Share = Field(90, description="used part of the memory of Windows")
    clock_skew: Time = Field(DurationValue(2), description="distance of WSL's clock from that of the monitoring host")
    windows_clock_skew: Time = Field(
        DurationValue(5), description="distance of Windows' clock from its time source, or from the monitoring host"
    )
    certificate_warning: Days = Field(DurationValue(21 * _DAY), description="time to a certificate's end")
    certificate_critical: Days = Field(
        DurationValue(7 * _DAY), description="time to a certificate's end at which people are called"
    )
    restarts: int = Field(
        3, gt=0, le=30, description="starts of one container in 15 minutes above which it counts as a loop"
    )
    address_pool_used: Share = Field(85, description="used part of a host's container addresses")
    cni_failure_ratio: Share = Field(10, description="share of CNI operations that fail, percent, over 15 minutes")
    cni_add_failures: int = Field(3, gt=0, le=1000, description="failed CNI ADDs in the log in 10 minutes")
    log_volume_factor: float = Field(
        2, gt=1, description="log volume of the last hour, as a multiple of the same hour a day before"
    )
    loki_error_ratio: Share = Field(10, description="share of requests that Loki answers with 5xx, over 5 minutes")
    authentication_failures: int = Field(20, gt=0, le=1000, description="refused log-ins in 10 minutes")
    backup_age: Days = Field(DurationValue(30 * 3600), description="age of the last good backup of a part")
    restore_drill_age: Days = Field(DurationValue(35 * _DAY), description="age of the last good restore drill")
    windows_task_age: Hour = Field(
        DurationValue(3600), description="age of the last good run of a script of ours on Windows"
    )
    wsl_restarts: int = Field(3, ge=2, le=40, description="starts of WSL in 1 hour that count as a loop")

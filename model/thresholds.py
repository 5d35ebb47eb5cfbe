"""The numbers at which alerts fire and dashboards draw their lines."""

from __future__ import annotations

from pydantic import Field

from model.base import Model
from model.types import Duration, Percent
from model.values import DurationValue

_DAY = 86400


class Thresholds(Model):
    """Every number that an alert compares with. The defaults are the plan of record where it names one."""

    gateway_error_ratio: Percent = Field(5, description="share of 5xx answers of a site, percent, over 5 minutes")
    gateway_latency_p95: Duration = Field(
        DurationValue(1), description="95th percentile of a site's answer time, over 5 minutes"
    )
    gateway_connections: Percent = Field(80, description="connections in use, of what the Gateway's platform can hold")
    gateway_dict_used: Percent = Field(90, description="used part of a Lua shared dict")
    gateway_error_burst: int = Field(
        50, gt=0, description="lines of level error or worse in a Gateway log in 5 minutes"
    )
    disk_warning: Percent = Field(80, description="used part of a disk")
    disk_critical: Percent = Field(90, description="used part of a disk at which people are called")
    windows_disk_warning: Percent = Field(80, description="used part of a Windows drive")
    windows_disk_critical: Percent = Field(
        90, description="used part of a Windows drive at which people are called; one of them holds the VHDX of WSL"
    )
    disk_full_in: Duration = Field(
        DurationValue(_DAY), description="a disk that will be full within this time, if it goes on as in the last 6 h"
    )
    memory_used: Percent = Field(90, description="used part of the memory of WSL or of Windows")
    clock_skew: Duration = Field(DurationValue(2), description="clock's distance from its time source")
    certificate_warning: Duration = Field(DurationValue(21 * _DAY), description="time to a certificate's end")
    certificate_critical: Duration = Field(
        DurationValue(7 * _DAY), description="time to a certificate's end at which people are called"
    )
    restarts: int = Field(3, gt=0, description="starts of one container in 15 minutes that count as a loop")
    address_pool_used: Percent = Field(85, description="used part of a host's container addresses")
    cni_failure_ratio: Percent = Field(10, description="share of CNI operations that fail, percent, over 15 minutes")
    cni_add_failures: int = Field(3, gt=0, description="failed CNI ADDs in the log in 10 minutes")
    log_volume_factor: float = Field(
        2, gt=1, strict=False, description="log volume of the last hour, as a multiple of the same hour a day before"
    )
    authentication_failures: int = Field(20, gt=0, description="refused log-ins in 10 minutes")
    backup_age: Duration = Field(DurationValue(30 * 3600), description="age of the last good backup of a part")
    windows_task_age: Duration = Field(
        DurationValue(3600), description="age of the last good run of a script of ours on Windows"
    )
    wsl_restarts: int = Field(3, gt=0, description="starts of WSL in 1 hour that count as a loop")
    restore_drill_age: Duration = Field(DurationValue(35 * _DAY), description="age of the last good restore drill")

"""What several dashboards have in common."""

from __future__ import annotations

from generators.grafana.panel import Variable, t
from model import names
from model.deployment import Deployment


def host_of(series: str) -> Variable:
    """A choice of the hosts that have a series: those for which the panels have something to show."""
    return Variable("host", t("Host", "ホスト"), "host", series)


HOST = host_of("up")
ON_HOST = 'host=~"$host"'


def per_second(series: str, by: str, selector: str = ON_HOST) -> str:
    """Rate of a counter, summed by labels."""
    selected = f"{series}{{{selector}}}" if selector else series
    return f"sum by ({by}) (rate({selected}[$__rate_interval]))"


def quantile(share: float, histogram: str, by: str, selector: str = ON_HOST) -> str:
    """A quantile of a histogram by labels; `by` may be empty."""
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile({share}, {per_second(histogram + '_bucket', labels, selector)})"


def error_percent(selector: str = ON_HOST) -> str:
    """Share of 5xx answers of each site, in percent; a site that never failed has no series of failures and counts."""
    every = per_second(names.GATEWAY_REQUESTS, "site", selector)
    failed = per_second(names.GATEWAY_REQUESTS, "site", f'status="5xx", {selector}')
    return f"100 * ({failed} or {every} * 0) / ({every} > 0)"


def disk_steps(deployment: Deployment) -> tuple[tuple[float, str], ...]:
    """Colors of a used part of a disk in WSL, in percent."""
    limits = deployment.environment.alerts.thresholds
    return (limits.disk_warning, "orange"), (limits.disk_critical, "red")


def windows_disk_steps(deployment: Deployment) -> tuple[tuple[float, str], ...]:
    """Colors of a used part of a Windows drive, in percent."""
    limits = deployment.environment.alerts.thresholds
    return (limits.windows_disk_warning, "orange"), (limits.windows_disk_critical, "red")


WSL_DISK = (
    f'100 * (1 - node_filesystem_avail_bytes{{fstype="ext4", {ON_HOST}}}'
    f' / node_filesystem_size_bytes{{fstype="ext4", {ON_HOST}}})'
)
WINDOWS_DISK = (
    f"100 * (1 - windows_logical_disk_free_bytes{{{ON_HOST}}} / (windows_logical_disk_size_bytes{{{ON_HOST}}} > 0))"
)
RUNNING = f"sum by (host) (podman_container_state{{{ON_HOST}}} == bool 2)"

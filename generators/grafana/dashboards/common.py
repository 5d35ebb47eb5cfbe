"""What several dashboards have in common."""

from __future__ import annotations

from generators.grafana.panel import Variable, t
from model.deployment import Deployment

HOST = Variable("host", t("Host", "ホスト"), "label_values(up, host)")
ON_HOST = 'host=~"$host"'


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

"""What several dashboards have in common."""

from __future__ import annotations

from generators.grafana.panel import Variable, t
from model.deployment import Deployment

HOST = Variable("host", t("Host", "ホスト"), "label_values(up, host)")
ON_HOST = 'host=~"$host"'


def disk_steps(deployment: Deployment) -> tuple[tuple[float, str], ...]:
    """Colors of a used part of a disk, in percent."""
    limits = deployment.environment.alerts.thresholds
    return (limits.disk_warning, "orange"), (limits.disk_critical, "red")


WSL_DISK = (
    f'100 * (1 - node_filesystem_avail_bytes{{fstype="ext4", {ON_HOST}}}'
    f' / node_filesystem_size_bytes{{fstype="ext4", {ON_HOST}}})'
)

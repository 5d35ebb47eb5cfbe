"""The lines of a busy hour: all that the retention table has a whole day bring at most."""

from __future__ import annotations

from datetime import UTC, datetime

from model.deployment import Deployment
from model.names import LogKind
from tests.acceptance.log_writer import text_of

KINDS: tuple[LogKind, ...] = ("gateway_access", "gateway_error", "cni", "containers", "system")


def busy_hour(deployment: Deployment) -> dict[str, float]:
    """Lines a second, by kind."""
    retention, now = deployment.environment.retention.logs, datetime.now(UTC)
    return {kind: retention.of(kind).per_day.bytes / 3600 / (len(text_of(kind, 10**6, now)) + 1) for kind in KINDS}

"""Every dashboard, by the name of its file."""

from __future__ import annotations

from collections.abc import Callable

from generators.grafana.dashboards import cni, gateway, hosts, logs, monitoring, objectives, overview
from generators.grafana.panel import Board
from model.deployment import Deployment

BOARDS: dict[str, Callable[[Deployment], Board]] = {
    "cni": cni.board,
    "gateway": gateway.board,
    "hosts": hosts.board,
    "logs": logs.board,
    "monitoring": monitoring.board,
    "objectives": objectives.board,
    "overview": overview.board,
}

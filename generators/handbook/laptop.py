"""The page on the compose file: the stack on a laptop, to look at a change before it is merged."""

from __future__ import annotations

from typing import Any

from generators.handbook.commands import CHECKOUT
from model.deployment import Deployment
from model.names import LAPTOP_ALERTMANAGER
from model.secrets import secret_path
from model.stateful import DATA
from model.values import SizeValue


def page(deployment: Deployment) -> dict[str, Any]:
    """The facts of the page."""
    environment, stack = deployment.environment, deployment.environment.monitoring
    folder = f"rendered/{deployment.name}/laptop"
    path = f"{folder}/compose.yaml"
    services = stack.services_on(environment.monitoring_host.roles).values()
    compose = f"docker compose --file {CHECKOUT}/{path}"
    return {
        "compose": path,
        "host": environment.monitoring_host,
        "memory": SizeValue(sum(service.memory.bytes for service in services)),
        "start": f"{compose} up --detach",
        "stop": f"{compose} down",
        "grafana": f"http://127.0.0.1:{stack.grafana.port}{stack.grafana_path}",
        "prometheus": f"http://127.0.0.1:{stack.prometheus.port}/alerts",
        "alertmanager_file": f"{folder}/{LAPTOP_ALERTMANAGER}",
        "alertmanager": f"http://127.0.0.1:{stack.alertmanager.port}/",
        "password": secret_path(stack.grafana_admin),
        "data": DATA,
    }

"""The stack for a laptop without systemd: the same containers, in the form of a compose file."""

from __future__ import annotations

from typing import Any

from generators.emit import to_yaml
from generators.files import RenderedFile
from generators.stack.services import Container, containers
from model.deployment import Deployment
from model.names import LAPTOP_ALERTMANAGER


def file(deployment: Deployment) -> RenderedFile:
    """Render the compose file of the monitoring host's containers. It lands on no host."""
    found = containers(deployment, deployment.environment.monitoring_host)
    services = {container.name: _service(container) for container in found}
    data = {"name": f"flatnet-ops-{deployment.name}", "services": services}
    return RenderedFile("laptop/compose.yaml", to_yaml(data, deployment.name))


def _service(container: Container) -> dict[str, Any]:
    root = [option.removeprefix("--volume=") for option in container.options if option.startswith("--volume=")]
    return {
        "image": str(container.service.image),
        **({"command": [word.replace("$", "$$") for word in container.arguments]} if container.arguments else {}),
        "user": f"{container.user}:{container.user}",
        "network_mode": "host",
        **({"pid": "host"} if "--pid=host" in container.options else {}),
        **({"environment": dict(container.environment)} if container.environment else {}),
        "volumes": [*_read(container), *(f"{path}:{path}" for path in container.write), *root],
        "read_only": True,
        "cap_drop": ["ALL"],
        **({"cap_add": list(container.capabilities)} if container.capabilities else {}),
        "security_opt": ["no-new-privileges"],
        "mem_limit": container.service.memory.bytes,
        "cpus": container.service.cpus,
        "restart": "unless-stopped",
    }


def _read(container: Container) -> list[str]:
    if container.name == "alertmanager":  # the host's own configuration would call people
        return [f"./{LAPTOP_ALERTMANAGER}:/etc/alertmanager/alertmanager.yml:ro"]
    return [f"{path}:{path}:ro" for path in container.read]

"""The monitoring stack and the workloads as Quadlet units, and what the host needs around them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from generators.files import RenderedFile, wsl_file
from generators.stack import clock, compose, system
from generators.stack.services import containers
from generators.templates import render
from model.collected import container_log
from model.deployment import Deployment
from model.host import Host
from model.workload import Workload

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
UNITS = "/etc/containers/systemd"


def generate(deployment: Deployment) -> Iterator[RenderedFile]:
    """Render the units of each host, and the compose file of the stack for a laptop."""
    for _, host in sorted(deployment.environment.hosts.items()):
        yield from _units(deployment, host)
        yield from system.files(deployment, host)
        yield from clock.files(deployment, host)
    yield compose.file(deployment)


def _units(deployment: Deployment, host: Host) -> Iterator[RenderedFile]:
    zone = deployment.environment.time.zone
    for container in containers(deployment, host):
        text = render(
            TEMPLATES,
            "container.j2",
            deployment.name,
            container=container,
            cpus=f"{container.service.cpus:g}",
            health=json.dumps(container.health) if container.health else None,
            zone=zone,
        )
        yield _unit(host, container.name, text)
    for workload in deployment.environment.workloads_on(host):
        yield _unit(host, workload.name, _workload(deployment, workload))


def _unit(host: Host, name: str, text: str) -> RenderedFile:
    reload = f"systemctl daemon-reload && systemctl restart {name}.service"
    return wsl_file(host.name, f"{UNITS}/{name}.container", text, reload=reload)


def _workload(deployment: Deployment, workload: Workload) -> str:
    to_file = workload.log_driver == "k8s-file"
    return render(
        TEMPLATES,
        "workload.j2",
        deployment.name,
        load=workload,
        cpus=f"{workload.cpus:g}",
        health=json.dumps(workload.health.command) if workload.health else None,
        log_file=container_log(workload.name) if to_file else None,
        log_megabytes=deployment.environment.retention.logs.containers.max_size.mebibytes,
        zone=deployment.environment.time.zone,
    )

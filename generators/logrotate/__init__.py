"""logrotate: the log files of WSL that are ours. Files on Windows drives are rotated where their writer runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from generators.files import RenderedFile, wsl_file
from generators.templates import render
from model.collected import COLLECTING
from model.deployment import Deployment

TEMPLATES = Path(__file__).parent / "templates"


def generate(deployment: Deployment) -> Iterator[RenderedFile]:
    """Render one file for each host that runs containers."""
    environment = deployment.environment
    retention = environment.retention.logs.cni
    days = round(retention.keep.days)
    for host in environment.hosts_with("containers"):
        text = render(
            TEMPLATES,
            "flatnet-ops.j2",
            deployment.name,
            path=environment.cni.log,
            days=days,
            # One for each day, and as many again as fill the disk budget by their size.
            generations=days + -(-days * retention.per_day.bytes // retention.max_size.bytes),
            daily=retention.rotate == "daily",
            megabytes=retention.max_size.mebibytes,
            script=COLLECTING,
        )
        yield wsl_file(host.name, "/etc/logrotate.d/flatnet-ops", text)

"""The clock of WSL: set by that of Windows, also after the machine has slept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from generators.files import RenderedFile, wsl_file
from generators.templates import render
from model.deployment import Deployment
from model.host import Host
from model.stateful import TEXTFILES

HERE = Path(__file__).parent
SCRIPT = "/usr/local/lib/flatnet-ops/clock"


def files(deployment: Deployment, host: Host) -> Iterator[RenderedFile]:
    """Render the script, its unit and timer, and what keeps Ubuntu's NTP client from running beside it."""
    yield wsl_file(host.name, SCRIPT, (HERE / "host" / "clock").read_text(encoding="utf-8"), mode=0o755)
    timer = "systemctl restart flatnet-clock.timer"
    for template, path, command in (
        ("flatnet-clock.service", "/etc/systemd/system/flatnet-clock.service", timer),
        ("flatnet-clock.timer", "/etc/systemd/system/flatnet-clock.timer", timer),
        # The last of its folder: Ubuntu's images may have one that takes conditions away.
        (
            "systemd-timesyncd.conf",
            "/etc/systemd/system/systemd-timesyncd.service.d/zz-flatnet-ops.conf",
            "systemctl stop 'systemd-timesyncd.*'",  # a pattern: it is no fault where there is none
        ),
    ):
        text = render(
            HERE / "templates",
            f"{template}.j2",
            deployment.name,
            script=SCRIPT,
            # Half of what the alert bears: what it tells of could not be mended here.
            limit=deployment.environment.alerts.thresholds.clock_skew.seconds // 2 or 1,
            metrics=f"{TEXTFILES}/clock.prom",
            textfiles=TEXTFILES,
        )
        yield wsl_file(host.name, path, text, reload=f"systemctl daemon-reload && {command}")

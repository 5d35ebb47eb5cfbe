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
    for template, path, restart in (
        ("flatnet-clock.service", "/etc/systemd/system/flatnet-clock.service", "flatnet-clock.timer"),
        ("flatnet-clock.timer", "/etc/systemd/system/flatnet-clock.timer", "flatnet-clock.timer"),
        # The last of its folder: Ubuntu's images may have one that takes conditions away.
        (
            "systemd-timesyncd.conf",
            "/etc/systemd/system/systemd-timesyncd.service.d/zz-flatnet-ops.conf",
            "systemd-timesyncd.service",
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
        reload = f"systemctl daemon-reload && systemctl restart {restart}"
        yield wsl_file(host.name, path, text, reload=reload)

"""The script that gives logs their names for the collector, for logs of a test."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import ROOT

SCRIPT = ROOT / "generators/alloy/host/collecting"


def collecting(folder: Path, log: Path) -> Path:
    """Put the script into a folder, with one log in its settings. Returns its path there."""
    settings = folder / "collecting.json"
    logs = [{"path": str(log), "budget_bytes": 1 << 20}]
    settings.write_text(json.dumps({"storage": str(folder), "logs": logs}), encoding="utf-8")
    script = folder / "collecting"
    text = SCRIPT.read_text(encoding="utf-8").replace("/etc/flatnet-ops/collecting.json", str(settings))
    script.write_text(text, encoding="utf-8")
    script.chmod(0o755)
    return script

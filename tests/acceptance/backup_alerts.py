"""Which alerts the samples that a host's backups have written would raise, by the rendered rules, in promtool."""

from __future__ import annotations

import json
import re
import time

from tests.acceptance.backup_host import METRICS, BackupHost
from tests.conftest import Programs

Fired = set[tuple[str, str]]  # alert and part
ABOUT = re.compile(r"flatnet_(?:backup|restore_drill)_")
STEP = 4  # minutes between samples: Prometheus looks back for five
WATCHED = 26  # hours at the end that promtool goes through: no rule waits for longer than a day


def firing(host: BackupHost, program: Programs, hours: float = 0.25) -> Fired:
    """What fires if the host writes nothing new for so long: a quarter of an hour is longer than a failure's `for`.

    Every rule that reads a metric of the backup is asked. promtool's clock begins at 0, so times are moved.
    """
    skipped = max(0.0, hours - WATCHED)
    files = sorted((host.tree / "etc/prometheus/rules").glob("*.yml"))
    rules = [str(path) for path in files if ABOUT.search(path.read_text(encoding="utf-8"))]
    assert len(rules) >= 4, "rules on backups"
    steps = int((hours - skipped) * 60 / STEP) + 1
    test = {
        "interval": f"{STEP}m",
        "input_series": [
            {"series": name, "values": f"{value}x{steps}"}
            for name, value in _samples(host, time.time() + skipped * 3600).items()
        ],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname, part) (ALERTS{alertstate="firing"})',
                "eval_time": f"{steps * STEP}m",
                "exp_samples": [],
            }
        ],
    }
    wanted = json.dumps({"rule_files": rules, "evaluation_interval": f"{STEP}m", "tests": [test]})
    done = host.host.run([program("promtool"), "test", "rules", "/dev/stdin"], text=wanted, check=False, timeout=120)
    if done.returncode == 0:
        return set()
    found = re.findall(r'\{alertname="(\w+)", part="([^"]+)"\}', done.stdout + done.stderr)
    assert found, f"promtool says something else than which alerts fire:\n{done.stdout}{done.stderr}"
    return set(found)


def _samples(host: BackupHost, zero: float) -> dict[str, str]:
    """The host's samples, as node_exporter serves them and Prometheus labels them, with times counted from `zero`."""
    labels = 'job="node",host="h",instance="h"'
    found = {f"up{{{labels}}}": "1"}
    for path in METRICS.values():
        text = host.host.run(["cat", path], check=False).stdout
        for name, part, value in re.findall(r'^(\w+)(?:\{part="([^"]+)"\})? (\S+)$', text, re.MULTILINE):
            moved = int(value) - int(zero) if name.endswith("_timestamp_seconds") else int(value)
            found[f"{name}{{{labels}" + (f',part="{part}"' if part else "") + "}"] = str(moved)
    return found


def every(host: BackupHost, alert: str) -> Fired:
    """This alert for every part and for the repository."""
    return {(alert, part) for part in (*(part["name"] for part in host.settings["parts"]), "repository")}

"""Loki, its tools, Alloy and logrotate judge what is rendered for them."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from model.collected import COLLECTING
from tests.collecting import collecting
from tests.conftest import ROOT, Programs
from tests.native.conftest import Judge, rendered

COLLECTORS = [*rendered("*/*/wsl/etc/alloy/config.alloy"), *rendered("*/*/windows/*/**/config.alloy")]


def of(path: Path) -> str:
    return "/".join(path.relative_to(ROOT / "rendered").parts[:3])


@pytest.mark.parametrize("path", rendered("*/*/wsl/etc/loki/loki.yaml"), ids=of)
def test_loki_takes_the_configuration(path: Path, program: Programs, judge: Judge) -> None:
    judge([program("loki"), f"-config.file={path}", "-verify-config"])


@pytest.mark.parametrize("path", rendered("*/*/wsl/etc/loki/rules/*/*.yaml"), ids=of)
def test_lokitool_takes_the_rules(path: Path, program: Programs, judge: Judge) -> None:
    judge([program("lokitool"), "rules", "check", path])


def test_every_expression_on_logs_is_logql(program: Programs) -> None:
    expressions = [
        rule["expr"]
        for path in rendered("*/*/wsl/etc/loki/rules/*/*.yaml")
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]
    for path in rendered("*/*/wsl/etc/grafana/dashboards/*.json"):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            if panel.get("datasource", {}).get("type") == "loki":
                expressions += [target["expr"].replace("$__auto", "5m") for target in panel["targets"]]
    text = "".join(json.dumps(expression) + "\n" for expression in expressions)
    done = subprocess.run([program("logql")], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", COLLECTORS, ids=of)
def test_alloy_takes_its_form_and_its_meaning(path: Path, program: Programs, judge: Judge) -> None:
    judge([program("alloy"), "fmt", "--test", path])
    judge([program("alloy"), "validate", "--stability.level=generally-available", path])


@pytest.mark.parametrize("path", rendered("*/*/wsl/etc/logrotate.d/flatnet-ops"), ids=of)
def test_a_rotation_loses_no_line(
    path: Path, debian_program: Callable[[str], str], judge: Judge, tmp_path: Path
) -> None:
    """Two days of a log: each generation is kept, the newest old one uncompressed."""
    log = tmp_path / "cni.log"
    scratch = tmp_path / "logrotate.conf"
    text = path.read_text(encoding="utf-8").replace("/var/log/flatnet/cni.log", str(log))
    scratch.write_text(text.replace(COLLECTING, str(collecting(tmp_path, log))), encoding="utf-8")
    scratch.chmod(0o644)
    tmp_path.chmod(0o755)
    judge([debian_program("logrotate"), "--debug", scratch])
    state = tmp_path / "state"
    for day in (1, 2, 3):
        log.write_text(f"line of day {day}\n", encoding="utf-8")
        log.chmod(0o640)
        judge([debian_program("logrotate"), "--force", "--state", state, scratch])
        time.sleep(1.1)  # a generation is named by the second in which it was made
    kept = "".join(
        subprocess.run(["zcat", "-f", old], capture_output=True, text=True, check=True).stdout
        for old in sorted(tmp_path.glob("cni.log-*"))
    )
    assert kept.splitlines() == [f"line of day {day}" for day in (1, 2, 3)]
    assert len(list(tmp_path.glob("cni.log-*.gz"))) == 2
    # The collector finds each under a name that it had before its rotation.
    links = sorted((tmp_path / "collected").iterdir())
    assert "".join(link.read_text(encoding="utf-8") for link in links) == kept

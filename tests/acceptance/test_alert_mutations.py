"""Unit tests of alerts can fail: a rule without its waiting time, or with its comparison turned round, is noticed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Programs
from tests.native.conftest import rendered

pytestmark = pytest.mark.acceptance

Rule = dict[str, Any]

TURNED = {">": "<= bool", "<": ">= bool", "==": "!=", "!=": "==", ">=": "< bool"}


def without_waiting(rule: Rule) -> Rule | None:
    return {key: value for key, value in rule.items() if key != "for"} if "for" in rule else None


def turned_round(rule: Rule) -> Rule | None:
    """The first comparison with a number; expressions that have none compare by `unless` or take what is there."""
    expression, count = re.subn(
        r"(?<=\s)(>=|>|<|==|!=)(?=\s[-\d])", lambda match: TURNED[match[1]], rule["expr"], count=1
    )
    return {**rule, "expr": expression} if count else None


@pytest.mark.parametrize("mutate", [without_waiting, turned_round])
def test_a_broken_rule_is_noticed(mutate: Callable[[Rule], Rule | None], program: Programs, tmp_path: Path) -> None:
    promtool, unnoticed, mutated = program("promtool"), [], 0
    for folder in ("rules", "tests"):
        (tmp_path / folder).mkdir()
    for path in rendered("production/*/wsl/etc/prometheus/rules/*.yml"):
        (group, *_) = yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        (rule, *_) = group["rules"]  # of a family one stands for all
        broken = mutate(rule) if "alert" in rule else None
        if broken is None:
            continue
        mutated += 1
        suite = yaml.safe_load((path.parent.parent / "tests" / path.name).read_text(encoding="utf-8"))
        suite["tests"] = [t for t in suite["tests"] if t["alert_rule_test"][0]["alertname"] == rule["alert"]]
        group["rules"] = [broken]
        (tmp_path / "rules" / path.name).write_text(yaml.safe_dump({"groups": [group]}), encoding="utf-8")
        test = tmp_path / "tests" / path.name
        test.write_text(yaml.safe_dump(suite), encoding="utf-8")
        done = subprocess.run([promtool, "test", "rules", test], capture_output=True, text=True, timeout=120)
        assert "FAILED" in done.stderr or done.returncode == 0, done.stderr  # it was read, and then it failed
        unnoticed += [rule["alert"]] if done.returncode == 0 else []
    assert mutated > 20
    assert unnoticed == []

"""Every file of tests/bad_input is a mistake, and exactly what the person who made it is told.

`pytest tests/test_bad_input.py --record` writes what is printed now into the files, for review with `git diff`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.__main__ import main
from model import rules
from model.environment import Environment
from model.faults import FaultsError
from model.loader import load
from model.rules import RULES, Rule
from model.rules.broken import Broken
from tests.conftest import ROOT

CASES = ROOT / "tests" / "bad_input"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small checkout that is fine, with one environment, to make a mistake in."""
    shutil.copytree(CASES / "base" / "environments", tmp_path / "environments")
    (tmp_path / "alerts").symlink_to(ROOT / "alerts")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make_mistake(checkout: Path, case: dict[str, Any]) -> None:
    for edit in case.get("edits", ()):
        path = checkout / "environments" / edit["file"]
        text = path.read_text(encoding="utf-8")
        assert text.count(edit["old"]) >= 1, f"the base has no {edit['old']!r} in {edit['file']}"
        path.write_text(text.replace(edit["old"], edit["new"], 1), encoding="utf-8")
    if "prepare" in case:
        subprocess.run(["sh", "-euc", case["prepare"]], cwd=checkout, check=True)


def test_the_base_is_fine(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_mistake(
    path: Path, checkout: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "mount" in case.get("prepare", "") and os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    make_mistake(checkout, case)
    try:
        code = main(case["run"].split())
    except SystemExit as stop:
        code = int(stop.code or 0)
    finally:
        if "mount" in case.get("prepare", ""):
            subprocess.run(["umount", "rendered"], cwd=checkout, check=True)
    printed = capsys.readouterr()
    if request.config.getoption("--record"):
        record(path, code, printed.err)
        pytest.skip("recorded")
    assert printed.err == case["output"]
    assert code == case["exit"]


def test_every_rule_is_broken_by_a_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that no case breaks may not work."""
    broken: set[str] = set()

    def watched(rule: Rule) -> Rule:
        def ask(environment: Environment) -> Iterable[Broken]:
            for fault in rule(environment):
                broken.add(rule.__name__)
                yield fault

        return ask

    monkeypatch.setattr(rules, "RULES", {watched(rule): reads for rule, reads in RULES.items()})
    for path in CASES.glob("*.yaml"):
        case = yaml.safe_load(path.read_text(encoding="utf-8"))
        if "prepare" not in case:
            folder = tmp_path / path.stem
            shutil.copytree(CASES / "base" / "environments", folder / "environments")
            make_mistake(folder, case)
            with contextlib.suppress(FaultsError):
                load(folder / "environments", "tokyo", ())
    assert {rule.__name__ for rule in RULES} - broken == set()


def record(path: Path, code: int, printed: str) -> None:
    head = path.read_text(encoding="utf-8").split("\nexit:", 1)[0]
    body = "".join(f"  {line}\n" if line else "\n" for line in printed.splitlines())
    path.write_text(f"{head}\nexit: {code}\noutput: |2\n{body}", encoding="utf-8")

"""Tests hold every rule: break any piece of it, and promtool says that one of them fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.conftest import Programs
from tests.coverage.parts import parts
from tests.coverage.promtool import measure, rules
from tests.coverage.report import EXCEPTIONS, coverage
from tests.native.conftest import rendered

FOLDERS = rendered("*/*/wsl/etc/prometheus")


def environment(folder: Path) -> str:
    return folder.parts[-5]


@pytest.mark.parametrize(
    "folder",
    # One environment before each commit, all of them before a merge: each takes half a minute of a processor.
    [
        pytest.param(
            one, marks=[] if environment(one) == "production" else [pytest.mark.acceptance], id=environment(one)
        )
        for one in FOLDERS
    ],
)
def test_every_piece_of_every_rule_is_held(
    folder: Path, program: Programs, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    measured = coverage(environment(folder), measure(program("promtool"), folder, tmp_path))
    record_property("held by tests", measured.summary)
    assert measured.gaps == (), "\n".join(measured.gaps)


def test_every_exception_is_a_piece_of_a_rule() -> None:
    pieces = {(judged.page, part.text) for folder in FOLDERS for judged in rules(folder) for part in judged.parts}
    for path in rendered("*/*/wsl/etc/loki/rules/*/alerts.yaml"):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            pieces |= {(rule["alert"], part.text) for rule in group["rules"] for part in parts(rule, logs=True)}
    assert EXCEPTIONS.keys() <= pieces

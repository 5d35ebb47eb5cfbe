"""Alloy stopped and killed while Loki takes lines."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from model.deployment import Deployment
from tests.conftest import Programs
from tests.prove import stopping
from tests.prove.conftest import Proof
from tests.prove.records import Said

SECTION = Said("Logs", "ログ")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_no_line_is_lost(
    how: signal.Signals,
    production: Deployment,
    program: Programs,
    debian_program: Callable[[str], str],
    tmp_path: Path,
    proof: Proof,
) -> None:
    outcome = stopping.measure(tmp_path / "host", production, program, debian_program, how, loki_up=True)
    stopping.prove(proof, outcome, how, loki_up=True)

"""Rendered files, and how a program is asked what it thinks of them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.gateway import Gateway, gateway

RENDERED = ROOT / "rendered"
Judge = Callable[[Sequence[str | Path]], str]


def rendered(pattern: str) -> list[Path]:
    """Rendered files that match, of every environment. None is a mistake of the test."""
    found = sorted(RENDERED.glob(pattern))
    assert found, f"nothing is rendered at {pattern}"
    return found


@pytest.fixture(scope="session")
def judge() -> Judge:
    """Run a program; fail with what it says unless it ends with 0. Returns what it said."""

    def run(command: Sequence[str | Path]) -> str:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=400)
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"{' '.join(map(str, command))}\n{said}"
        return said

    return run


@pytest.fixture(scope="session")
def running(debian_program: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One Gateway for the tests that look at their own requests alone."""
    with gateway(debian_program("nginx"), tmp_path_factory.mktemp("gateway")) as made:
        yield made

"""The clock of WSL is compared with that of Windows, and set where it is off."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from model import names
from tests.conftest import ROOT

WINDOWS_TIME = 1_800_000_000.0


@pytest.fixture
def clock() -> Any:
    loader = importlib.machinery.SourceFileLoader("clock", str(ROOT / "generators/stack/host/clock"))
    spec = importlib.util.spec_from_loader("clock", loader)
    assert spec
    found = importlib.util.module_from_spec(spec)
    loader.exec_module(found)
    return found


class Clocks:
    """Both clocks of a machine; `took` is how long a look at one of them takes."""

    def __init__(self, ahead: float, took: float = 0.0001) -> None:
        self.windows, self.wsl, self.took = WINDOWS_TIME, WINDOWS_TIME + ahead, took
        self.steps = 0

    def get(self, which: int) -> float:
        self.windows += self.took
        self.wsl += self.took
        return self.wsl if which == time.CLOCK_REALTIME else self.windows

    def set(self, which: int, value: float) -> None:
        assert which == time.CLOCK_REALTIME
        self.wsl = value
        self.steps += 1


@pytest.fixture
def run(clock: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the script on clocks, with the devices of Hyper-V; returns the metrics."""
    (tmp_path / "ptp").mkdir()
    for number, name in enumerate(["KVM virtual PTP", "hyperv"]):
        (tmp_path / f"ptp/ptp{number}").mkdir()
        (tmp_path / f"ptp/ptp{number}/clock_name").write_text(f"{name}\n", encoding="ascii")
    (tmp_path / "ptp1").touch()
    monkeypatch.setattr(clock, "CLOCKS", tmp_path / "ptp")
    monkeypatch.setattr(clock, "DEVICES", tmp_path)

    def running(clocks: Clocks) -> dict[str, float]:
        target = tmp_path / "clock.prom"
        monkeypatch.setattr(sys, "argv", ["clock", "1", str(target)])
        monkeypatch.setattr(time, "clock_gettime", clocks.get)
        monkeypatch.setattr(time, "clock_settime", clocks.set)
        clock.main()
        lines = target.read_text(encoding="ascii").splitlines()
        return {line.split()[0]: float(line.split()[1]) for line in lines if not line.startswith("#")}

    return running


@pytest.mark.parametrize("ahead", [-28800.0, -1.5, 1.5, 3600.0])
def test_a_clock_that_is_off_is_set(run: Any, ahead: float, capsys: pytest.CaptureFixture[str]) -> None:
    clocks = Clocks(ahead)
    found = run(clocks)
    assert clocks.steps == 1
    assert abs(found[names.CLOCK_OFFSET]) < 0.01
    assert "off Windows and has been set" in capsys.readouterr().out


@pytest.mark.parametrize("ahead", [-0.9, 0.0, 0.9])
def test_a_clock_that_is_nearly_right_is_left_alone(run: Any, ahead: float) -> None:
    clocks = Clocks(ahead)
    found = run(clocks)
    assert clocks.steps == 0
    assert found[names.CLOCK_OFFSET] == pytest.approx(ahead, abs=0.01)
    assert set(found) == {names.CLOCK_OFFSET, names.CLOCK_CHECKED}


def test_a_comparison_that_takes_long_sets_nothing(run: Any) -> None:
    clocks = Clocks(-5, took=1)
    with pytest.raises(SystemExit, match="comparisons took"):
        run(clocks)
    assert clocks.steps == 0


def test_without_the_clock_of_hyper_v_nothing_is_claimed(
    clock: Any, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "CLOCKS", tmp_path / "none")
    with pytest.raises(SystemExit, match="offers no clock"):
        run(Clocks(-5))
    assert not (tmp_path / "clock.prom").exists()

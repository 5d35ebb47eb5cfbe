"""The collector goes on from where its lines had arrived, and reads each file under a name that stays with it."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from generators import alloy
from model.deployment import Deployment
from model.values import DurationValue
from tests.collecting import SCRIPT

SETTLED = 45
LAST = "positions:\n  ? path: {path}\n    labels: '{{}}'\n  : \"{at}\"\n"


class Collector:
    """Alloy's folder and what its metrics say, with the script beside it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        loader = importlib.machinery.SourceFileLoader("collecting", str(SCRIPT))
        spec = importlib.util.spec_from_loader("collecting", loader)
        assert spec
        self.script: Any = importlib.util.module_from_spec(spec)
        loader.exec_module(self.script)
        self.log, self.storage = folder / "logs/cni.log", folder / "alloy"
        self.log.parent.mkdir()
        self.positions = self.storage / "loki.source.file.cni/positions.yml"
        self.positions.parent.mkdir(parents=True)
        self.settings = {
            "storage": str(self.storage),
            "metrics": "http://127.0.0.1:9/metrics",
            "settled_seconds": SETTLED,
            "logs": [{"path": str(self.log), "budget_bytes": 1000}],
        }
        self.says: dict[str, float] | None = {"at": 1000, "started": 7, "retries": 0, "busy": 0}
        monkeypatch.setattr(self.script, "sent", lambda _: self.says and dict(self.says))

    def read_to(self, at: int) -> None:
        self.positions.write_text(LAST.format(path=self.log, at=at), encoding="utf-8")

    def minute(self, **changes: float) -> None:
        """A minute passes in which Alloy's metrics change; then the timer runs."""
        if self.says is not None:
            self.says = {**self.says, "at": self.says["at"] + 60, **changes}
        self.script.keep(self.settings)

    def started_again(self) -> str:
        """Where Alloy goes on."""
        self.script.restore(self.settings)
        return self.positions.read_text(encoding="utf-8").rsplit('"', 2)[1]

    @property
    def links(self) -> list[Path]:
        return sorted((self.log.parent / "collected").iterdir())


@pytest.fixture
def collector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collector:
    return Collector(tmp_path, monkeypatch)


def test_it_goes_on_from_what_had_arrived_a_minute_before(collector: Collector) -> None:
    for at in (10, 20, 30):
        collector.read_to(at)
        collector.minute()
    collector.read_to(35)
    assert collector.started_again() == "20"


@pytest.mark.parametrize(
    "later",
    [
        pytest.param({"retries": 1}, id="Loki was away"),
        pytest.param({"started": 8}, id="it is another process"),
        pytest.param({"busy": 40}, id="it was still sending what had waited"),
    ],
)
def test_what_may_not_have_arrived_is_read_again(collector: Collector, later: dict[str, float]) -> None:
    for at in (10, 20):
        collector.read_to(at)
        collector.minute()
    collector.read_to(30)
    collector.minute(**later)
    assert collector.started_again() == "10"


def test_an_outage_holds_the_place_however_long_it_lasts(collector: Collector) -> None:
    for at in (10, 20):
        collector.read_to(at)
        collector.minute()
    for number in range(1, 100):
        collector.read_to(20 + number)
        collector.minute(retries=number)
    assert collector.started_again() == "10"
    assert collector.started_again() == "10"  # and when it ends again before anybody looked


def test_a_copy_that_is_too_young_is_not_judged_yet(collector: Collector) -> None:
    """A batch that fails is seen to fail after the time-out and the longest pause."""
    collector.read_to(10)
    collector.minute()
    assert collector.says
    collector.says["at"] += SETTLED - 1
    collector.read_to(20)
    collector.script.keep(collector.settings)
    assert collector.started_again() == "20"  # nothing is known to have arrived: as Alloy left it


def test_while_alloy_does_not_run_what_was_remembered_holds(collector: Collector) -> None:
    for at in (10, 20):
        collector.read_to(at)
        collector.minute()
    collector.says = None
    collector.minute()
    assert collector.started_again() == "10"


def test_a_source_that_is_younger_than_the_copy_is_read_from_its_begin(collector: Collector) -> None:
    for at in (10, 20):
        collector.read_to(at)
        collector.minute()
    younger = collector.storage / "loki.source.file.container_1/positions.yml"
    younger.parent.mkdir()
    younger.write_text(LAST.format(path="x", at=5), encoding="utf-8")
    collector.started_again()
    assert not younger.exists()


def test_a_copy_that_nobody_renewed_is_not_believed(collector: Collector, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a timer that was switched off would have weeks sent again."""
    for at in (10, 20):
        collector.read_to(at)
        collector.minute()
    collector.read_to(30)
    long_ago = time.time() - 700
    for name in ("arrived.json", "waiting.json"):
        os.utime(collector.storage / name, (long_ago, long_ago))
    assert collector.started_again() == "30"
    assert "nobody remembered" in capsys.readouterr().out


def test_a_broken_copy_leaves_everything_as_it_is(collector: Collector) -> None:
    collector.read_to(10)
    (collector.storage / "arrived.json").write_text("{", encoding="utf-8")
    assert collector.started_again() == "10"


def test_metrics_are_read_as_alloy_prints_them(collector: Collector) -> None:
    text = 'a_total{host="x"} 2\na_total{host="y"} 1.5e+01\na_total_more 7\n# a_total 9\nb 3\n'
    assert collector.script.total(text, "a_total") == 17
    assert collector.script.total(text, "b") == 3
    assert collector.script.total(text, "none") == 0


def test_a_rotated_file_keeps_its_name_for_the_collector(collector: Collector) -> None:
    collector.script.link(collector.settings)
    assert collector.links == []
    collector.log.write_text("one\n", encoding="utf-8")
    for _ in range(3):
        collector.script.link(collector.settings)
    collector.log.rename(collector.log.with_name("cni.log-20261125-1"))
    collector.log.write_text("two\n", encoding="utf-8")
    collector.script.link(collector.settings)
    assert [path.read_text(encoding="utf-8") for path in collector.links] == ["one\n", "two\n"]


def test_links_go_after_a_day_or_beyond_the_budget_but_never_what_is_written(collector: Collector) -> None:
    def rotate(text: str, days: float = 0) -> None:
        collector.log.write_text(text, encoding="utf-8")
        collector.script.link(collector.settings)
        os.utime(collector.log, (time.time() - days * 86_400,) * 2)
        collector.log.rename(collector.log.with_name(f"{text[:3]}-{days}"))

    rotate("old", days=1.1)
    collector.links[0].rename(collector.links[0].with_name("cni.log-20200101T000000Z"))
    rotate("fit" * 100)
    rotate("big" * 300)
    collector.log.write_text("now" * 1000, encoding="utf-8")
    os.utime(collector.log, (0, 0))
    collector.script.link(collector.settings)
    assert [path.read_text(encoding="utf-8")[:3] for path in collector.links] == ["big", "now"]


def test_logs_whose_names_begin_alike_keep_apart(collector: Collector) -> None:
    other = collector.log.with_name("cni.log-of-another")
    collector.settings["logs"] = [{"path": str(path), "budget_bytes": 0} for path in (collector.log, other)]
    for path in (collector.log, other):
        path.write_text(path.name, encoding="utf-8")
    for _ in range(2):
        collector.script.link(collector.settings)
    assert [path.read_text(encoding="utf-8") for path in collector.links] == [collector.log.name, other.name]


def test_the_timer_runs_seldom_enough_for_a_copy_to_be_judged(deployment: Deployment) -> None:
    files = {file.tree_path: file.content for file in alloy.generate(deployment)}
    for host in deployment.environment.hosts:
        timer = files[f"{host}/wsl/etc/systemd/system/flatnet-collecting.timer"]
        period = DurationValue.parse(timer.split("OnUnitActiveSec=")[1].split("\n")[0])
        settings = json.loads(files[f"{host}/wsl/etc/flatnet-ops/collecting.json"])
        way = files[f"{host}/wsl/etc/alloy/config.alloy"]
        waits = [DurationValue.parse(way.split(f"{key} ")[1].split('"')[1]) for key in WAITS]
        assert period.seconds > settings["settled_seconds"] > sum(one.seconds for one in waits)


WAITS = ("remote_timeout", "max_backoff_period")

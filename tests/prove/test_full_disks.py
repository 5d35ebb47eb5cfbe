"""Prometheus, Loki and Alertmanager on disks that are full: what they do, who notices, and what is there afterwards."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest

from model.heartbeat import HEARTBEAT_EVERY
from model.stateful import DATA
from tests.acceptance import far_end, small_disks
from tests.acceptance.far_end import FarEnd
from tests.acceptance.killing import kill
from tests.acceptance.stack import Stack, start
from tests.conftest import ROOT
from tests.prove.conftest import Bare, Proof
from tests.prove.counting import TAKEN, answers_every, found, samples, silence, silences
from tests.prove.records import Said

SECTION = Said("Kill and break: full disks", "強制終了と故障: ディスクフル")
UNITS = ("loki", "alertmanager", "node-exporter", "prometheus")
MEGABYTES = {"prometheus": 400, "loki": 60, "alertmanager": 5}
UNSTORED = 130  # seconds without a stored scrape, until Watchdog ends; stands in its expression
PUSH = "http://127.0.0.1:3100/loki/api/v1/push"


@pytest.fixture
def stack(bare: Bare) -> Iterator[Stack]:
    """A host whose three stateful programs have a small file system each."""
    with bare() as there:
        for name, megabytes in MEGABYTES.items():
            small_disks.mount(there.host, f"{DATA}/{name}", megabytes)
        start(there, UNITS)
        words = [sys.executable, "-m", "tests.prove.pushes", PUSH, TAKEN]
        there.host.start("pushes", words, environment={"PYTHONPATH": str(ROOT)})
        yield there


def _alive(stack: Stack) -> set[str]:
    script = 'for unit; do kill -0 "$(cat "/run/units/$unit.pid")" && echo "$unit"; done; true'
    return set(stack.host.run(["sh", "-c", script, "sh", *MEGABYTES]).stdout.split())


def _taken(stack: Stack) -> list[int]:
    return [int(line) for line in stack.host.run(["cat", TAKEN], check=False).stdout.split()]


def _told(stack: Stack, far: FarEnd, count: int, seconds: float) -> float:
    """The seconds until the far end has told so many things, looking at its interval."""
    begin = time.monotonic()
    while time.monotonic() < begin + seconds:
        far.look()
        print(f"disks: {len(far.told)} of {count} told after {time.monotonic() - begin:.0f} s", file=sys.stderr)
        if len(far.told) >= count:
            break
        assert _alive(stack) == set(MEGABYTES)
        time.sleep(HEARTBEAT_EVERY.seconds)
    return time.monotonic() - begin


def test_full_disks_are_told_and_cost_nothing_that_was_there(stack: Stack, proof: Proof) -> None:
    host, far, begin = stack.host, far_end.begin(stack), time.time()
    host.wait("the first heartbeat", lambda: far.beat > 0, 90)
    silence(stack, 1)
    time.sleep(60)
    far.look()
    at = time.time() - 2
    stored, before = samples(stack, at), len(_taken(stack))
    assert before > 100
    for name in MEGABYTES:
        small_disks.fill(host, f"{DATA}/{name}")
    full = time.monotonic()
    promise = (
        UNSTORED
        + 2 * HEARTBEAT_EVERY.seconds
        + stack.deployment.environment.notifications.dead_mans_switch.silent_for.seconds
    )
    told_after = _told(stack, far, 1, promise + 120)
    taken_meanwhile = len(_taken(stack))
    for name in MEGABYTES:
        small_disks.make_room(host, f"{DATA}/{name}")
    lasted, room = time.monotonic() - full, time.monotonic()
    host.wait("Loki to take lines", lambda: len(_taken(stack)) > taken_meanwhile + 100, 300)
    loki_after = time.monotonic() - room
    over_after = _told(stack, far, 2, 240)
    trouble = answers_every(stack, 'ALERTS{alertname="PrometheusTsdbTrouble",alertstate="firing"}', 60)
    host.stop("pushes")
    lost_samples = stored - samples(stack, at)
    taken, there = _taken(stack), found(stack, begin)
    lost_lines = len(set(taken) - set(there))
    kill(stack, "alertmanager")
    start(stack, ("alertmanager",))
    kept = silences(stack) == {1}
    proof.measured(
        Said("Prometheus' disk full", "Prometheus のディスクが満杯"),
        Said(
            f"the heartbeat ends, so that the far end tells people within {promise} s; what was stored is "
            f"there; after room is made it "
            "stores again, and an alert says that samples were lost",
            f"ハートビートが止まり、{promise} 秒以内に監視停止が通知される。保存済みの値は残る。空きができる"
            f"と保存を再開し、"
            "欠落があったことをアラートで知らせる",
        ),
        Said(
            f"told after {told_after:.0f} s; full for {lasted:.0f} s; {lost_samples} of {stored} samples "
            f"from before lost; its end told "
            f"{over_after + loki_after:.0f} s after room was made; PrometheusTsdbTrouble "
            f"{'fires' if trouble else 'does not fire'}",
            f"通知まで {told_after:.0f} 秒。満杯だった時間 {lasted:.0f} 秒。以前のサンプル {stored} 件のうち"
            f"消失 {lost_samples} 件。"
            f"空きができてから {over_after + loki_after:.0f} 秒で復旧を通知。PrometheusTsdbTrouble は"
            f"{'発報' if trouble else '発報せず'}",
        ),
    )
    proof.measured(
        Said("Loki's disk full", "Loki のディスクが満杯"),
        Said(
            "it takes no line that it cannot keep, so that Alloy keeps it; every line that it took is there",
            "保持できない行は受け付けず（Alloy が保持して再送する）、受け付けた行はすべて残る",
        ),
        Said(
            f"{taken_meanwhile - before} lines taken while it was full; takes lines again {loki_after:.0f} "
            f"s after room was made; of "
            f"{len(taken)} lines that it took {lost_lines} lost",
            f"満杯の間に受け付けた行は {taken_meanwhile - before} 行。空きができてから {loki_after:.0f} 秒で"
            f"受け付けを再開。"
            f"受け付けた {len(taken)} 行のうち消失 {lost_lines} 行",
        ),
    )
    proof.measured(
        Said("Alertmanager's disk full, then killed", "Alertmanager のディスクが満杯になり、その後に強制終了"),
        Said(
            "it goes on in memory, and writes down what it knows when there is room",
            "メモリ上で動作を続け、空きができると書き出す",
        ),
        Said(
            f"a silence from before is {'there' if kept else 'lost'} after the kill",
            f"満杯になる前のサイレンスは、強制終了後も{'残存' if kept else '残らず消失'}",
        ),
    )
    assert told_after <= promise + 15
    assert lost_samples == 0
    assert lost_lines == 0
    assert trouble
    assert kept

"""SIGKILL at random moments: Alertmanager while silences are made, Prometheus while alerts fire."""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from model.monitoring import ALERTMANAGER_SAVES_EVERY
from tests.acceptance.killing import killed_and_back, supervise
from tests.acceptance.stack import Stack, start
from tests.prove.conftest import Bare, Proof
from tests.prove.counting import samples, silence, silences
from tests.prove.records import Said

SECTION = Said("Kill and break: what a kill costs", "強制終了と故障: 強制終了で失われるもの")
UNITS = ("alertmanager", "node-exporter", "prometheus")
ROUNDS = 4
ALERTS = "http://127.0.0.1:9093/api/v2/alerts"
# Alertmanager holds an alert that nobody sends any more for four minutes; who had forgotten it would call it resolved.
HELD = 240
RESTARTED = Said(
    "a stand-in for systemd obeys the rendered Restart=always, RestartSec=5",
    "systemd の代役が、生成した Restart=always・RestartSec=5 のとおりに再起動する",
)


@pytest.fixture(scope="module")
def stack(bare: Bare) -> Iterator[Stack]:
    """Prometheus and Alertmanager; whatever else is scraped does not answer, of which alerts tell."""
    with bare() as found:
        supervise(found, UNITS)
        start(found, UNITS)
        yield found


@pytest.fixture(scope="module")
def chance() -> random.Random:
    seed = int(time.time())
    print(f"seed of this run: {seed}", file=sys.stderr)
    return random.Random(seed)  # noqa: S311 - no secret


def test_alertmanager_loses_no_silence_that_is_older_than_its_snapshot(
    stack: Stack, chance: random.Random, proof: Proof
) -> None:
    """A silence every five seconds; what of them is there after each kill, by their age at the kill."""
    lost: list[float] = []
    kept = made = 0
    slowest = 0.0
    for turn in range(3):
        made_at: dict[int, float] = {}
        end = time.monotonic() + chance.uniform(50, 110)
        while time.monotonic() < end:
            made += 1
            silence(stack, made)
            made_at[made] = time.monotonic()
            time.sleep(5)
        killed = time.monotonic()
        slowest = max(slowest, killed_and_back(stack, "alertmanager"))
        there = silences(stack)
        kept += len(there & made_at.keys())
        lost += [killed - when for number, when in made_at.items() if number not in there]
        print(f"turn {turn}: of {len(made_at)} silences {len(made_at.keys() - there)} are gone", file=sys.stderr)
    promise = ALERTMANAGER_SAVES_EVERY.seconds
    told = sum("CniDown" in json.dumps(one) for one in stack.received() if "slack" in one["to"])
    oldest = max(lost, default=0.0)
    proof.measured(
        Said(f"Alertmanager killed 3 times; {RESTARTED.en}", f"Alertmanager を 3 回強制終了。{RESTARTED.ja}"),
        Said(
            f"silences older than {promise} s survive; what was told in the last {promise} s may be told again",
            f"{promise} 秒より古いサイレンスは残る。直前 {promise} 秒以内の通知は再送されることがある",
        ),
        Said(
            f"of {made} silences {len(lost)} were lost, the oldest {oldest:.0f} s old, and {kept} kept; "
            f"answering again "
            f"after {slowest:.0f} s at most; one alert was told {told} times",
            f"サイレンス {made} 件のうち {len(lost)} 件が消失（最も古いもので作成後 {oldest:.0f} 秒）、"
            f"{kept} 件が残存。"
            f"最長 {slowest:.0f} 秒で応答を再開。同じアラートの通知は {told} 回",
        ),
    )
    assert kept > 0
    assert oldest <= promise + 5
    assert 1 <= told <= 1 + 3


@dataclass
class Watch:
    """What Alertmanager holds, looked at every few seconds by a thread of its own."""

    stack: Stack
    over: threading.Event = field(default_factory=threading.Event)
    seen: list[set[str]] = field(default_factory=list)

    def look(self) -> None:
        """One more look."""
        self.seen.append({one["labels"]["alertname"] for one in self.stack.get(ALERTS)})

    def run(self) -> None:
        """Look until it is over."""
        while not self.over.wait(5):
            self.look()


def _firing(stack: Stack) -> set[str]:
    """What fires now; a query would find what fired up to five minutes ago."""
    alerts = stack.get("http://127.0.0.1:9090/api/v1/alerts")["data"]["alerts"]
    return {one["labels"]["alertname"] for one in alerts if one["state"] == "firing"}


def test_prometheus_loses_no_sample_and_no_alert(stack: Stack, chance: random.Random, proof: Proof) -> None:
    wanted = {"TargetDownLoki", "TargetDownAlloy"}  # they wait for five minutes before they fire
    stack.host.wait("alerts of what does not answer", lambda: wanted <= _firing(stack), 400)
    stack.host.wait("Alertmanager to have them", lambda: wanted <= _held(stack), 90)
    watch = Watch(stack)
    watch.look()
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        gone = counted = 0
        slowest = 0.0
        for turn in range(ROUNDS):
            time.sleep(chance.uniform(5, 45))
            at = time.time() - 2  # of a scrape that is not over yet nothing is there
            before = samples(stack, at)
            slowest = max(slowest, killed_and_back(stack, "prometheus"))
            after = samples(stack, at)
            counted, gone = counted + before, gone + before - after
            print(f"turn {turn}: of {before} samples {before - after} are gone", file=sys.stderr)
        again_firing = time.monotonic()
        stack.host.wait("what fired to fire again", lambda: wanted <= _firing(stack), 400)
        waited = time.monotonic() - again_firing
        time.sleep(max(0.0, HELD + 60 - waited))
    finally:
        watch.over.set()
        thread.join()
    forgotten = {name for name in watch.seen[0] for seen in watch.seen if name not in seen}
    broken = stack.query("prometheus_tsdb_wal_corruptions_total > 0")
    proof.measured(
        Said(f"Prometheus killed {ROUNDS} times; {RESTARTED.en}", f"Prometheus を {ROUNDS} 回強制終了。{RESTARTED.ja}"),
        Said(
            "every sample that could be asked for two seconds before is there; what fired is never called resolved",
            "2 秒前までに検索できたサンプルはすべて残る。発報中のアラートが復旧と通知されることはない",
        ),
        Said(
            f"of {counted} samples {gone} were lost; answering again after {slowest:.0f} s at most; alerts fired again "
            f"{waited:.0f} s after the last start, and Alertmanager forgot {len(forgotten)} of {len(watch.seen[0])}",
            f"サンプル {counted} 件のうち消失 {gone} 件。最長 {slowest:.0f} 秒で応答を再開。最後の起動から "
            f"{waited:.0f} 秒で"
            f"アラートが再び発報し、Alertmanager から消えたものは {len(watch.seen[0])} 件中 {len(forgotten)} 件",
        ),
    )
    assert gone == 0
    assert counted > 1000
    assert forgotten == set()
    assert broken == []


def _held(stack: Stack) -> set[str]:
    return {one["labels"]["alertname"] for one in stack.get(ALERTS)}

"""Every program of the stack killed, and not started again: which alert says so, and when."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator

import pytest

from model import names
from model.inhibitions import outlives
from tests.acceptance.killing import kill
from tests.acceptance.stack import Stack, stand_ins, start
from tests.prove.conftest import Bare, Proof
from tests.prove.records import Said

SECTION = Said("Kill and break: what stays dead", "強制終了と故障: 停止したままのプログラム")
# The unit, the job that finds it dead, the alert.
DEATHS = {
    "alertmanager": (names.JOB_ALERTMANAGER, "TargetDownAlertmanager"),
    "alloy": (names.JOB_ALLOY, "TargetDownAlloy"),
    "blackbox-exporter": (names.JOB_BLACKBOX, "TargetDownBlackbox"),
    "cni-exporter": (names.JOB_CNI, "CniDown"),
    "grafana": (names.JOB_GRAFANA, "TargetDownGrafana"),
    "loki": (names.JOB_LOKI, "TargetDownLoki"),
    "node-exporter": (names.JOB_NODE, "TargetDownNode"),
    "podman-exporter": (names.JOB_PODMAN, "TargetDownPodman"),
}
STAND_INS = ("grafana", "podman-exporter")
# From the death to the next scrape and two evaluations: the alert begins to wait, and fires.
ROUND = 15


@pytest.fixture
def stack(bare: Bare) -> Iterator[Stack]:
    with bare() as there:
        stand_ins(there)
        start(there)
        up = {job for job, _ in DEATHS.values()}
        there.host.wait("every target", lambda: {one["metric"]["job"] for one in there.query("up == 1")} >= up, 90)
        yield there


def _firing(stack: Stack) -> set[str]:
    """Of an alert that has a cause, that of the exporter alone."""
    alerts = stack.get("http://127.0.0.1:9090/api/v1/alerts")["data"]["alerts"]
    return {
        one["labels"]["alertname"]
        for one in alerts
        if one["state"] == "firing" and one["labels"].get("cause", "exporter") == "exporter"
    }


def test_the_death_of_each_program_is_told(stack: Stack, proof: Proof) -> None:
    """In a random order; systemd, which would start each again, is not asked."""
    waits = {alert.name: alert.file.hold for alert in stack.deployment.alerts}
    seed = int(time.time())
    print(f"seed of this run: {seed}", file=sys.stderr)
    order = random.Random(seed).sample(sorted(DEATHS), len(DEATHS))  # noqa: S311 - no secret
    assert _firing(stack).isdisjoint(alert for _, alert in DEATHS.values())
    died: dict[str, float] = {}
    fired: dict[str, float] = {}
    for unit in order:
        died[unit] = time.monotonic()
        kill(stack, unit)
    end = time.monotonic() + 480
    while len(fired) < len(DEATHS) and time.monotonic() < end:
        now = _firing(stack)
        for unit in order:
            if DEATHS[unit][1] in now and unit not in fired:
                fired[unit] = time.monotonic() - died[unit]
                print(f"{DEATHS[unit][1]} fires {fired[unit]:.0f} s after the kill", file=sys.stderr)
        time.sleep(2)
    for unit in order:
        if unit not in STAND_INS:
            start(stack, (unit,))
        else:
            stack.host.run(["systemctl", "start", f"{unit}.service"])
    again = time.monotonic()
    quiet = lambda: _firing(stack).isdisjoint(alert for _, alert in DEATHS.values())  # noqa: E731 - a word for it
    kept = outlives(stack.deployment)  # a cause is told as over after its effects
    longest = max(kept[alert].seconds for _, alert in DEATHS.values() if alert in kept)
    stack.host.wait("every alert to end", quiet, longest + 3 * ROUND)
    over = time.monotonic() - again
    for unit, (_, alert) in sorted(DEATHS.items()):
        hold = waits[alert]
        promise = (hold.seconds if hold else 0) + 3 * ROUND
        stands = " (a stand-in)" if unit in STAND_INS else ""
        proof.measured(
            Said(
                f"{unit}{stands} killed, not started again",
                f"{unit} を強制終了し、そのまま放置{'（代役）' if stands else ''}",
            ),
            Said(f"{alert} fires within {promise} s", f"{promise} 秒以内に {alert} が発報"),
            Said(
                f"fires after {fired.get(unit, 0):.0f} s; ends within {over:.0f} s of the start",
                f"{fired.get(unit, 0):.0f} 秒後に発報。起動から {over:.0f} 秒以内に解消",
            ),
        )
        assert unit in fired, alert
        assert fired[unit] <= promise + 5, alert

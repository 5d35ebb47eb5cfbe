"""Loki away for twelve minutes of a busy hour, with the settings as rendered."""

from __future__ import annotations

import signal
import time
from collections import Counter
from pathlib import Path

from model.deployment import Deployment
from tests.acceptance.log_host import LogHost
from tests.acceptance.scratch_host import ScratchHost
from tests.conftest import Programs
from tests.prove.busy_hour import KINDS, busy_hour
from tests.prove.conftest import Proof
from tests.prove.records import Said

SECTION = Said("Logs", "ログ")
BEFORE, AWAY, AFTER = 30, 720, 90  # seconds; Loki starts within the last ones


def test_an_outage_of_twelve_minutes_loses_nothing(
    production: Deployment, program: Programs, tmp_path: Path, proof: Proof
) -> None:
    rates = busy_hour(production)
    with ScratchHost(tmp_path / "outage") as scratch:
        host = LogHost(scratch, production, program)
        host.lay_out()
        host.start_journald()
        host.start("loki")
        host.start("alloy")
        begin = time.time_ns() - 10**9  # nginx' error log knows whole seconds
        host.write(BEFORE + AWAY + AFTER, rates)
        time.sleep(BEFORE)
        host.stop("loki", signal.SIGTERM)
        time.sleep(AWAY)
        retries = host.total("loki_write_batch_retries_total")
        host.start("loki")
        back = time.monotonic()
        written = host.written(AFTER + 120)
        end = time.time_ns()
        host.scratch.wait("every line", lambda: all_there(host, written), 900)
        late = time.monotonic() - back
        time.sleep(10)  # whatever would still be sent again
        found = {kind: host.found(kind, begin, end) for kind in KINDS}
        dropped = host.total("loki_write_dropped_entries_total")
    lost = sum(written[kind] - len(found[kind]) for kind in KINDS)
    repeats = sum((Counter(dict(numbers)) - Counter(set(numbers))).total() for numbers in found.values())
    rate, lines = sum(rates.values()), written.total()
    proof.measured(
        fault=Said(
            f"Loki stopped for {AWAY // 60} minutes under the lines of a busy hour: {rate:.0f} lines a second, which "
            f"bring in an hour all that `retention.logs.*.per_day` has a day bring at most",
            f"混雑する 1 時間分のログ（毎秒 {rate:.0f} 行。`retention.logs.*.per_day` の 1 日の最大量が 1 時間で"
            f"届く量）を書きながら、Loki を {AWAY // 60} 分間停止",
        ),
        expected=Said("no line is lost", "1 行も失われない"),
        measured=Said(
            f"{lines} lines written, {lost} lost, {repeats} found twice; Alloy tried {retries:.0f} times meanwhile and "
            f"dropped {dropped:.0f}; all were there {late:.0f} s after Loki was",
            f"書き込み {lines} 行、消失 {lost} 行、重複 {repeats} 行。再試行 {retries:.0f} 回、Alloy による破棄 "
            f"{dropped:.0f} 行。Loki の復帰から {late:.0f} 秒で全行が揃った",
        ),
    )
    assert retries > 0
    assert lost == 0
    assert dropped == 0


def all_there(host: LogHost, written: Counter[str]) -> bool:
    """Whether Loki counts as many lines as were written; those of nobody's else are in the journal as well."""
    counted = host.counted('{kind=~".+"} |= "line-of-a-test-"')
    return all(counted[kind] >= written[kind] for kind in written)

"""The collector ends under the lines of a busy hour, logs are rotated meanwhile, and it starts again."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from model.deployment import Deployment
from tests.acceptance.gateway_logs import GatewayLogs, load_while, running
from tests.conftest import Programs
from tests.prove.busy_hour import busy_hour
from tests.prove.conftest import Proof
from tests.prove.records import Said

WRITTEN = ("cni", "containers", "system")  # nginx itself writes of its requests
LONGEST = 900  # seconds for which the writer writes at most: until it is stopped
FULL = 70  # seconds in which a busy hour fills Alloy's queue
ROTATE = "for turn in 1 2; do sleep 1.1; logrotate --force --state /run/rotation /etc/logrotate.d/flatnet-ops; done"


@dataclass(frozen=True)
class Outcome:
    """What became of the lines, by kind. `skipped`: those that Alloy had read and Loki did not have when it ended."""

    written: Counter[str]
    lost: Counter[str]
    repeats: Counter[str]
    skipped: int


def stop(host: GatewayLogs, how: signal.Signals, loki_up: bool) -> int:
    """End Alloy, rotate, start it again. Returns the number of lines that it had read and not sent."""
    host.scratch.wait("what has arrived to be known", lambda: host.remembered, 240)
    if not loki_up:
        host.stop("loki")
        time.sleep(FULL)
    read = host.total("loki_source_file_read_lines_total") + host.total("loki_source_journal_target_lines_total")
    skipped = read - host.total("loki_write_sent_entries_total")
    host.stop("alloy", how)
    host.rotate(2, 1.5)
    host.scratch.run(["sh", "-ec", ROTATE])
    host.start("alloy")
    time.sleep(20)
    if not loki_up:
        host.start("loki")
    time.sleep(20)
    return round(skipped)


def measure(
    folder: Path,
    deployment: Deployment,
    program: Programs,
    debian_program: Callable[[str], str],
    how: signal.Signals,
    loki_up: bool,
) -> Outcome:
    """Do it on a host of its own, and find every line again."""
    rates = {kind: rate for kind, rate in busy_hour(deployment).items() if kind in WRITTEN}
    sent: Counter[str] = Counter()
    skipped: list[int] = []
    with running(folder, deployment, program, debian_program) as host:
        begin = time.time_ns() - 10**9
        host.scratch.run(["cp", "-r", f"{host.rendered}/etc/logrotate.d", "/etc"])
        host.scratch.run(["chmod", "644", "/etc/logrotate.d/flatnet-ops"])
        host.write(LONGEST, rates)
        work = lambda: skipped.append(stop(host, how, loki_up))  # noqa: E731
        load_while(host, debian_program("h2load"), sent, work, 0, pause=4)
        written = host.end_writing() + Counter({"gateway_access": sent.total()})
        found: Mapping[str, Counter[str]] = {}
        end = time.monotonic() + 240
        while time.monotonic() < end:
            time.sleep(10)
            found = {kind: host.found(kind, begin, time.time_ns()) for kind in written}
            if all(len(found[kind]) >= written[kind] for kind in written):
                break
    lost = Counter({kind: written[kind] - len(found[kind]) for kind in written})
    repeats = Counter({kind: found[kind].total() - len(found[kind]) for kind in written})
    return Outcome(written, +lost, +repeats, skipped[0])


def prove(proof: Proof, outcome: Outcome, how: signal.Signals, loki_up: bool) -> None:
    """The row of the report; and nothing may be lost."""
    said = {signal.SIGTERM: Said("stopped", "停止"), signal.SIGKILL: Said("killed", "強制終了（SIGKILL）")}[how]
    loki = Said("Loki up", "Loki は稼働") if loki_up else Said("Loki down", "Loki は停止")
    repeats_en = ", ".join(f"{kind} {count}" for kind, count in outcome.repeats.items()) or "none"
    repeats_ja = "、".join(f"{kind} {count} 行" for kind, count in outcome.repeats.items()) or "なし"
    proof.measured(
        fault=Said(
            f"Alloy {said.en} under the lines of a busy hour, {loki.en}; the logs of Gateway and CNI rotated twice "
            f"before it starts again",
            f"混雑時のログを書きながら Alloy を{said.ja}（{loki.ja}）。再起動までに Gateway と CNI のログを 2 回ずつ"
            f"ローテーション",
        ),
        expected=Said("no line is lost; repeats are counted", "1 行も失われない。重複は数える"),
        measured=Said(
            f"{outcome.written.total()} lines, {outcome.lost.total()} lost; {outcome.skipped} were read and not sent "
            f"when it ended; found twice: {repeats_en}",
            f"{outcome.written.total()} 行のうち消失 {outcome.lost.total()} 行。終了時点で読み取り済み・未送信 "
            f"{outcome.skipped} 行。重複: {repeats_ja}",
        ),
    )
    assert outcome.written.total() > 100_000
    assert not outcome.lost

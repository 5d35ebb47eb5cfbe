"""Clocks that jump, as after the laptop's sleep: Windows' by libfaketime under nginx, WSL's by what its unit compares.

The clocks of Go programs cannot be set here: they are statically linked, and ask the kernel. For Loki it is the same
whether Windows is nine hours ahead or WSL nine hours behind.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from model.deployment import Deployment
from model.logs import OLDEST_LINE
from model.stateful import TEXTFILES
from tests.acceptance.host_side import CLOCK
from tests.acceptance.scratch_host import ScratchHost
from tests.acceptance.stack import Stack, installed, start
from tests.conftest import Programs
from tests.prove.conftest import Proof
from tests.prove.counting import answers_every, ask, asked
from tests.prove.records import Said

SECTION = Said("Kill and break: clocks that jump", "強制終了と故障: 時計のずれ")
UNITS = ("loki", "alertmanager", "node-exporter", "prometheus", "alloy")
SLEPT = 9  # hours
LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
NGINX = "/usr/local/lib/windows/nginx"  # a script that starts REAL; scripts of ours look for that name
REAL = "/usr/local/lib/windows/real/nginx"
NOW = f'#!/bin/sh\nexec {REAL} "$@"\n'
# The library reads its settings again after a while, when nginx has taken them away from its workers.
SETTINGS = f"LD_PRELOAD={LIBRARY} FAKETIME=+{SLEPT}h FAKETIME_CACHE_DURATION=99999 DONT_FAKE_MONOTONIC=1"
AHEAD = f'#!/bin/sh\n{SETTINGS} exec {REAL} "$@"\n'
QUERY = "http://127.0.0.1:3100/loki/api/v1/query_range"
PUSH = "http://127.0.0.1:3100/loki/api/v1/push"
# The unit's script with a clock of Windows that is hours ahead, and a clock of WSL that nobody can set.
BEHIND = CLOCK.replace(
    "- (0 if which == time.CLOCK_REALTIME else 0.012)", f"+ (0 if which == time.CLOCK_REALTIME else {SLEPT * 3600})"
)
BEHIND = BEHIND.replace("clock.main()", "time.clock_settime = lambda *_: None\nclock.main()")


@pytest.fixture(scope="module")
def stack(
    production: Deployment,
    program: Programs,
    debian_program: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    with ScratchHost(tmp_path_factory.mktemp("clocks") / "host") as host:
        host.write(NGINX, NOW, mode=0o755)
        host.run(["install", "-D", debian_program("nginx"), REAL])
        there = installed(host, production, program, NGINX)
        start(there, UNITS)
        yield there


def _found(stack: Stack, first: int, last: int) -> dict[int, float]:
    """By the number of a request, the hours by which its line is ahead of now."""
    now = time.time()
    answer = stack.get(
        QUERY,
        query='{kind="gateway_access"} |= "counted-"',
        start=f"{int(now - 3600)}",
        end=f"{int(now + 20 * 3600)}",
        limit="5000",
    )
    values = [value for stream in answer["data"]["result"] for value in stream["values"]]
    lines = {int(line.split('"counted-')[1][:8]): int(when) / 1e9 - now for when, line in values}
    return {number: ahead / 3600 for number, ahead in lines.items() if first <= number <= last}


def _numbers(stack: Stack) -> list[int]:
    return [int(one.removeprefix("counted-")) for one in asked(stack, "answered")]


@pytest.fixture(scope="module", autouse=True)
def behind(stack: Stack) -> float:
    """WSL's clock is compared with that of Windows, once. Returns when, in Unix seconds."""
    stack.host.write("/run/clock.py", BEHIND)
    stack.host.run(["/usr/bin/python3", "/run/clock.py", "1", f"{TEXTFILES}/clock.prom"])
    return time.time()


def test_lines_of_a_windows_that_is_ahead_are_kept(stack: Stack, proof: Proof) -> None:
    """WSL has slept: what the Gateway writes comes from Loki's future, with Windows' own times."""
    ask(stack)
    stack.host.wait("the first lines", lambda: len(_found(stack, 0, 20)) > 10, 60)
    stack.windows.kill_nginx()
    stack.host.write(NGINX, AHEAD, mode=0o755)
    stack.windows.start_nginx()
    first = max(_numbers(stack)) + 5
    stack.host.wait("requests of later", lambda: max(_numbers(stack)) > first + 60)
    last = first + 50
    stack.host.wait("their lines", lambda: len(_found(stack, first, last)) > 0, 60)
    time.sleep(10)
    wanted = {number for number in _numbers(stack) if first <= number <= last}
    found = _found(stack, first, last)
    proof.measured(
        Said(
            f"Windows {SLEPT} hours ahead of WSL, as after a sleep",
            f"スリープからの復帰後のように、Windows の時計が WSL より {SLEPT} 時間進む",
        ),
        Said("every line is taken, with the time of Windows", "すべての行が Windows の時刻のまま保存される"),
        Said(
            f"of {len(wanted)} lines {len(wanted - found.keys())} lost; they are "
            f"{min(found.values(), default=0):.1f} to "
            f"{max(found.values(), default=0):.1f} hours ahead",
            f"{len(wanted)} 行のうち消失 {len(wanted - found.keys())} 行。時刻は "
            f"{min(found.values(), default=0):.1f} 〜 "
            f"{max(found.values(), default=0):.1f} 時間先",
        ),
    )
    assert len(wanted) > 20
    assert wanted <= found.keys()
    assert min(found.values()) > SLEPT - 0.5


def test_lines_of_a_windows_that_was_ahead_are_told(stack: Stack, proof: Proof) -> None:
    """Windows' own clock was wrong, and is set back: its lines are behind the newest one of their stream."""
    stack.windows.kill_nginx()
    stack.host.write(NGINX, NOW, mode=0o755)
    stack.windows.start_nginx()
    first = max(_numbers(stack)) + 5
    begin = time.monotonic()
    told = answers_every(stack, 'ALERTS{alertname="AlloyDroppingLines",alertstate="firing"}', 240)
    after = time.monotonic() - begin
    stack.host.stop("requests")
    wanted = {number for number in _numbers(stack) if first <= number <= first + 50}
    lost = wanted - _found(stack, first, first + 50).keys()
    proof.measured(
        Said(
            f"the clock of Windows, {SLEPT} hours ahead, set back",
            f"{SLEPT} 時間進んでいた Windows の時計を元に戻す",
        ),
        Said(
            "Loki refuses what is more than an hour behind the newest line of a stream; AlloyDroppingLines tells",
            "Loki は、ストリームの最新の行より 1 時間以上前の行を受け付けない。AlloyDroppingLines で知らせる",
        ),
        Said(
            f"of the first {len(wanted)} lines {len(lost)} lost; {'fires' if told else 'silent'} after {after:.0f} s",
            f"最初の {len(wanted)} 行のうち消失 {len(lost)} 行。{after:.0f} 秒後に{'発報' if told else '発報せず'}",
        ),
    )
    assert told


def test_lines_that_are_too_old_or_too_new_are_told(stack: Stack, proof: Proof) -> None:
    """Once, and never again: the alert must not need a second time."""
    hours = {"older": -OLDEST_LINE - 1, "old": -OLDEST_LINE + 1, "new": OLDEST_LINE - 1, "newer": OLDEST_LINE + 1}
    taken = {}
    for name, away in hours.items():
        stream = {"kind": "system", "component": "system", "unit": name}
        when = str(int((time.time() + away * 3600) * 1e9))
        line = json.dumps({"streams": [{"stream": stream, "values": [[when, name]]}]})
        words = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Content-Type: application/json"]
        taken[name] = stack.host.run([*words, "--data", line, PUSH]).stdout
    wanted = ["greater_than_max_sample_age", "too_far_in_future"]
    fires = f'ALERTS{{alertname="LokiDroppingLines",alertstate="firing",reason=~"{"|".join(wanted)}"}}'
    begin = time.monotonic()
    told = answers_every(stack, f"count({fires}) == {len(wanted)}", 420)
    after = time.monotonic() - begin
    reasons = sorted({one["metric"]["reason"] for one in stack.query(fires)})
    proof.measured(
        Said(
            f"one line each, {OLDEST_LINE - 1} and {OLDEST_LINE + 1} hours old, and as many hours ahead",
            f"{OLDEST_LINE - 1} 時間前・{OLDEST_LINE + 1} 時間前・{OLDEST_LINE - 1} 時間先・"
            f"{OLDEST_LINE + 1} 時間先の行を 1 行ずつ送る",
        ),
        Said(
            f"taken up to {OLDEST_LINE} hours either way; LokiDroppingLines tells of the others",
            f"前後 {OLDEST_LINE} 時間までは受け付け、それ以外は LokiDroppingLines で知らせる",
        ),
        Said(
            f"answers {', '.join(f'{name} {status}' for name, status in taken.items())}; "
            f"{'fires' if told else 'silent'} after {after:.0f} s: {', '.join(reasons)}",
            f"応答: {'、'.join(f'{name} {status}' for name, status in taken.items())}。"
            f"{after:.0f} 秒後に{'発報' if told else '発報せず'}: {', '.join(reasons)}",
        ),
    )
    assert taken == {"older": "400", "old": "204", "new": "204", "newer": "400"}
    assert reasons == wanted


def test_a_clock_that_cannot_be_set_is_told(stack: Stack, behind: float, proof: Proof) -> None:
    """It has been so since the first test."""
    fires = 'ALERTS{alertname="ClockSkew",cause="windows",alertstate="firing"}'
    told = answers_every(stack, fires, 420)
    assert told
    time.sleep(20)  # a subquery looks at whole quarters of a minute
    first = stack.query(f"min_over_time(timestamp({fires})[30m:15s])")[0]["value"][1]
    after = float(first) - behind
    offset = stack.query("flatnet_clock_offset_seconds")[0]["value"][1]
    print(f"the offset is {offset}", file=sys.stderr)
    proof.measured(
        Said(
            f"WSL's clock {SLEPT} hours behind that of Windows, and it cannot be set",
            f"WSL の時計が Windows より {SLEPT} 時間遅れ、修正もできない",
        ),
        Said("ClockSkew fires within 6 minutes", "6 分以内に ClockSkew が発報"),
        Said(
            f"an offset of {float(offset):.0f} s; fires after {after:.0f} s",
            f"差は {float(offset):.0f} 秒。{after:.0f} 秒後に発報",
        ),
    )
    assert after < 370

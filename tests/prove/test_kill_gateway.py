"""SIGKILL of nginx under load: its worker, and its master, whose worker serves on until the service starts it anew."""

from __future__ import annotations

import random
import re
import signal
import sys
import time
from collections.abc import Iterator

import pytest

from model import names
from tests.acceptance.stack import Stack
from tests.prove.conftest import Bare, Proof
from tests.prove.counting import ask, asked, logged
from tests.prove.records import Said

SECTION = Said("Kill and break: what a kill costs", "強制終了と故障: 強制終了で失われるもの")
ROUNDS = 4
HELD = 1.2  # seconds: no line is older in what nginx holds and has not written


@pytest.fixture
def stack(bare: Bare) -> Iterator[Stack]:
    """The Gateway alone, asked without a pause."""
    with bare() as found:
        ask(found)
        yield found


def _counted(stack: Stack) -> float:
    port = stack.deployment.environment.gateway.ports.metrics
    text = stack.windows.run(["curl", "-fsS", "--max-time", "5", f"http://127.0.0.1:{port}/metrics"])
    found = re.findall(rf'^{names.GATEWAY_REQUESTS}{{[^}}]*status="2xx"[^}}]*}} (\S+)$', text, re.MULTILINE)
    return sum(map(float, found))


def _workers(stack: Stack) -> list[int]:
    text = stack.host.run(["ps", "-C", "nginx", "-o", "pid=,ppid="]).stdout
    pairs = [tuple(map(int, line.split())) for line in text.splitlines()]
    parents = {parent for _, parent in pairs}
    return [pid for pid, _ in pairs if pid not in parents]


def _row(proof: Proof, fault: Said, expected: Said, stack: Stack, more: Said) -> tuple[set[str], list[str], int]:
    time.sleep(HELD)
    answered, lost = set(asked(stack, "answered")), len(asked(stack, "lost"))
    lines = logged(stack)
    unlogged, twice = len(answered - set(lines)), len(lines) - len(set(lines))
    proof.measured(
        fault,
        expected,
        Said(
            f"of {len(answered) + lost} requests {lost} were not answered; of those answered {unlogged} are "
            f"not in the log, "
            f"{twice} twice; {more.en}",
            f"リクエスト {len(answered) + lost} 件のうち無応答 {lost} 件。応答したもののうちログにないもの "
            f"{unlogged} 件、"
            f"重複 {twice} 件。{more.ja}",
        ),
    )
    return answered, lines, lost


def test_a_worker_that_is_killed_costs_what_it_was_answering(stack: Stack, proof: Proof) -> None:
    seed = int(time.time())
    print(f"seed of this run: {seed}", file=sys.stderr)
    chance = random.Random(seed)  # noqa: S311 - no secret
    unwritten: set[str] = set()  # what nginx may have held when it was killed
    for turn in range(ROUNDS):
        time.sleep(chance.uniform(1, 8))
        written = set(asked(stack, "answered"))
        time.sleep(HELD)
        workers = _workers(stack)
        before, answered = _counted(stack), len(asked(stack, "answered"))
        stack.host.run(["kill", "-9", str(workers[0])])
        stack.host.wait(
            f"answers after kill {turn}",
            lambda answered=answered: len(asked(stack, "answered")) > answered + 20,  # type: ignore[misc]
        )
        assert _counted(stack) > before
        unwritten |= set(asked(stack, "answered")) - written
    stack.host.stop("requests")
    counted = _counted(stack)
    answered_all, lines, lost = _row(
        proof,
        Said(
            f"nginx' worker killed {ROUNDS} times under load",
            f"負荷をかけたまま nginx のワーカーを {ROUNDS} 回強制終了",
        ),
        Said(
            "a request at a time is lost; each one that was answered is in the log once, but for those of the last "
            "second before a kill; counters go on",
            "失われるのは処理中のリクエストだけで、応答したものは（強制終了の直前 1 秒間のものを除き）ログに 1 回"
            "だけ残り、カウンターは継続する",
        ),
        stack,
        Said(f"the counter of answers stands at {counted:.0f}", f"応答数のカウンターは {counted:.0f}"),
    )
    assert lost <= 3 * ROUNDS
    assert answered_all - set(lines) <= unwritten
    assert len(lines) == len(set(lines))
    assert counted >= len(answered_all) - ROUNDS


def test_without_its_master_nginx_serves_on_and_hears_nobody(stack: Stack, proof: Proof) -> None:
    workers = _workers(stack)
    stack.host.stop("gateway", signal.SIGKILL)
    answered = len(asked(stack, "answered"))
    stack.host.wait("answers without a master", lambda: len(asked(stack, "answered")) > answered + 50)
    told = stack.windows.nginx_is_told(["-s", "reopen"])
    written = set(asked(stack, "answered"))
    time.sleep(HELD)
    begin = time.monotonic()
    for pid in workers:  # what run-gateway.ps1 does first, when the service starts it again
        stack.host.run(["kill", "-9", str(pid)], check=False)
    unwritten = set(asked(stack, "answered")) - written
    stack.windows.start_nginx()
    away = time.monotonic() - begin
    stack.host.stop("requests", signal.SIGTERM)
    answered_all, lines, _ = _row(
        proof,
        Said(
            "nginx' master killed under load, then started anew",
            "負荷をかけたまま nginx のマスターを強制終了し、起動し直す",
        ),
        Said(
            "the worker answers on; who signals nginx learns that nobody hears; a start ends the worker first",
            "ワーカーは応答を続ける。nginx へのシグナルは失敗して分かる。起動時には先に残ったワーカーを終了する",
        ),
        stack,
        Said(
            f"`nginx -s reopen` ended with {told}; away for {away:.1f} s",
            f"`nginx -s reopen` の終了コードは {told}。停止は {away:.1f} 秒",
        ),
    )
    assert told != 0
    assert answered_all - set(lines) <= unwritten
    assert len(lines) == len(set(lines))

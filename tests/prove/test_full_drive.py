"""The drive of Windows full, on which the Gateway's logs and the heartbeat lie."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from model.deployment import Deployment
from tests.acceptance import small_disks
from tests.acceptance.scratch_host import ScratchHost
from tests.acceptance.stack import Stack, installed
from tests.acceptance.windows_side import FOLDER
from tests.conftest import Programs
from tests.prove.conftest import Proof
from tests.prove.counting import ask, asked, logged
from tests.prove.records import Said

SECTION = Said("Kill and break: full disks", "強制終了と故障: ディスクフル")
SECONDS = 20


def _heartbeat(stack: Stack) -> str:
    words = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", stack.ingress("/heartbeat")]
    return stack.host.run(words, check=False).stdout


def test_sites_answer_on_and_the_log_goes_on_when_there_is_room(
    production: Deployment,
    program: Programs,
    debian_program: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
    proof: Proof,
) -> None:
    drive = str(FOLDER)
    with ScratchHost(tmp_path_factory.mktemp("full") / "drive") as host:
        stack = installed(host, production, program, debian_program("nginx"))
        used = int(host.run(["du", "-sm", drive]).stdout.split()[0])
        host.run(["mount", "-o", f"remount,size={used + 4}m", drive])
        assert _heartbeat(stack) == "204"
        ask(stack)
        before = set(asked(stack, "answered"))
        small_disks.fill(host, drive)
        time.sleep(SECONDS)
        status = _heartbeat(stack)
        small_disks.make_room(host, drive)
        time.sleep(2)  # nginx does not write for a second when it has found no room
        during = set(asked(stack, "answered")) - before
        again = len(asked(stack, "answered"))
        host.wait("requests afterwards", lambda: len(asked(stack, "answered")) > again + 20)
        beats = _heartbeat(stack)
        host.stop("requests")
        time.sleep(1)
        everything, lines = set(asked(stack, "answered")), set(logged(stack))
        after = everything - before - during
        lost, unlogged = len(everything - lines - after), len(after - lines)
        proof.measured(
            Said(
                f"the Gateway's drive full for {SECONDS} s under load",
                f"負荷をかけたまま Gateway のドライブを {SECONDS} 秒間満杯にする",
            ),
            Said(
                "sites answer on; lines of that time are lost, and the first one afterwards, which is "
                "joined to a torn one; "
                "the heartbeat is refused with 500, so that the far end tells people",
                "サイトは応答を続ける。その間とその後 1 秒間のログ行、および途中で切れた行につながる 1 行は失われる。"
                "ハートビートは 500 で拒否され、監視停止として通知される",
            ),
            Said(
                f"{len(during)} requests answered meanwhile, {lost} of them without a line; POST "
                f"/heartbeat: {status}, afterwards {beats}; "
                f"of {len(after)} requests afterwards {unlogged} without a line",
                f"その間に応答したリクエスト {len(during)} 件、うちログなし {lost} 件。POST /heartbeat は "
                f"{status}、その後は {beats}。"
                f"その後のリクエスト {len(after)} 件のうちログなし {unlogged} 件",
            ),
        )
        assert len(during) > 100
        assert status == "500"
        assert beats == "204"
        assert unlogged <= 1

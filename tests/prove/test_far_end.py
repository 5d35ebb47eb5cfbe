"""The far end of the dead man's switch, at its real times: what dies, how long until people know, and that it ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from model.deployment import Deployment
from model.heartbeat import HEARTBEAT_EVERY
from model.names import TASK_WATCH_HEARTBEAT
from model.tasks import tasks
from tests.acceptance import far_end
from tests.acceptance.far_end import FarEnd
from tests.acceptance.killing import kill, kill_wsl
from tests.acceptance.scratch_host import ScratchHost
from tests.acceptance.stack import Stack, find_windows, installed, start
from tests.acceptance.windows_side import SECOND
from tests.conftest import Programs
from tests.prove.conftest import Proof
from tests.prove.records import Said

SECTION = Said("Kill and break: who watches the watchers", "強制終了と故障: 監視の監視")
UNITS = ("alertmanager", "prometheus")
QUIET = 180  # seconds in which all is well, and nobody must be told
# Prometheus tells Alertmanager of each alert again once a minute, and each time that it holds for four minutes more.
OUTLIVES = 240
MARGIN = 15  # until a message is there: a look takes seconds
PROGRAMS = {
    "prometheus": Said("Prometheus is killed", "Prometheus を強制終了"),
    "alertmanager": Said("Alertmanager is killed", "Alertmanager を強制終了"),
    "wsl": Said(
        "All of WSL is gone: each of its processes killed, its network down; Windows and the Gateway run on",
        "WSL 全体を停止（全プロセスを強制終了しネットワークを切断。Windows と Gateway は稼働したまま）",
    ),
}


@dataclass
class Story:
    """What happened on one host, in seconds: from the death to the message, from the return to that of its end."""

    quiet: float = 0
    beats_on: float = 0  # how long heartbeats still came
    told_after: float = 0
    over_after: float = 0
    messages: tuple[str, ...] = ()


@pytest.fixture
def hosts(
    production: Deployment,
    program: Programs,
    debian_program: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Stack]]:
    """A host for each death, with Prometheus, Alertmanager and the Gateway."""
    folder = tmp_path_factory.mktemp("far-ends")
    with ExitStack() as running:
        found = {}
        for name in PROGRAMS:
            host = running.enter_context(ScratchHost(folder / name))
            found[name] = installed(host, production, program, debian_program("nginx"))
            start(found[name], UNITS)
        yield found


def _looks(far: FarEnd, until: Callable[[], bool], seconds: float, what: str) -> float:
    """The task at its interval, until something holds. Returns the seconds that it took."""
    begin = time.monotonic()
    while time.monotonic() < begin + seconds:
        print(f"{far.stack and far.stack.host.folder.name}: {what}, {time.monotonic() - begin:.0f} s", file=sys.stderr)
        far.look()
        if until():
            break
        time.sleep(_every(far))
    return time.monotonic() - begin


def _every(far: FarEnd) -> int:
    assert far.stack is not None
    environment = far.stack.deployment.environment
    known = {task.name: task.every_minutes for task in tasks(environment, environment.monitoring_host)}
    return known[TASK_WATCH_HEARTBEAT] * 60


def _story(name: str, stack: Stack) -> Story:
    far, story = far_end.begin(stack), Story()
    stack.host.wait("the first heartbeat", lambda: far.beat > 0, 90)
    story.quiet = _looks(far, lambda: bool(far.told), QUIET, "all is well")
    if far.told:
        return story
    died = time.time()
    kill_wsl(stack) if name == "wsl" else kill(stack, name)
    silent_for = stack.deployment.environment.notifications.dead_mans_switch.silent_for.seconds
    story.told_after = _looks(far, lambda: bool(far.told), OUTLIVES + silent_for + 120, f"{name} is dead")
    story.beats_on = max(0.0, far.beat - died)
    _looks(far, lambda: len(far.told) > 1, 120, "people know")
    again = time.monotonic()
    if name == "wsl":
        stack.windows.join(*SECOND)  # a start of WSL: Windows has another address for it
        stack.windows.tell_windows()
        find_windows(stack)
        start(stack, UNITS)
    else:
        start(stack, (name,))
    _looks(far, lambda: len(far.told) > 1, 300, f"{name} is back")
    story.over_after = time.monotonic() - again
    _looks(far, lambda: len(far.told) > 2, 60, "all is well again")
    story.messages = tuple(far.told)
    return story


def test_each_death_is_told_once_and_so_is_its_end(hosts: dict[str, Stack], proof: Proof) -> None:
    with ThreadPoolExecutor(len(hosts)) as threads:
        told = {name: threads.submit(_story, name, stack) for name, stack in hosts.items()}
        stories = {name: future.result() for name, future in told.items()}
    switch = next(iter(hosts.values())).deployment.environment.notifications.dead_mans_switch
    look = HEARTBEAT_EVERY.seconds
    for name, story in stories.items():
        outlives = OUTLIVES if name == "prometheus" else 0
        promise = outlives + switch.silent_for.seconds + look
        outlived = (
            Said(
                f" ({outlives} s more than elsewhere: Alertmanager holds each alert that long)",
                f"（アラートは Alertmanager に {outlives} 秒間残るため、その分長い）",
            )
            if outlives
            else Said("", "")
        )
        proof.measured(
            PROGRAMS[name],
            Said(
                f"one message by Slack and mail within {promise} s{outlived.en}, one when it is back",
                f"Slack とメールで {promise} 秒以内に 1 通{outlived.ja}、復旧時に 1 通",
            ),
            Said(
                f"silent for {story.quiet:.0f} s before; heartbeats went on for {story.beats_on:.0f} s; told after "
                f"{story.told_after:.0f} s; {len(story.messages)} messages in all, the end "
                f"{story.over_after:.0f} s after the start",
                f"それまでの {story.quiet:.0f} 秒間は通知なし。ハートビートは {story.beats_on:.0f} 秒間継続"
                f"。通知まで {story.told_after:.0f} 秒。"
                f"通知は計 {len(story.messages)} 通、復旧の通知は起動から {story.over_after:.0f} 秒後",
            ),
        )
    for name, story in stories.items():
        outlives = OUTLIVES if name == "prometheus" else 0
        assert len(story.messages) == 2, (name, story)
        assert "応答していません" in story.messages[0], name
        assert "復旧しました" in story.messages[1], name
        assert story.quiet >= QUIET, name
        assert story.told_after <= outlives + switch.silent_for.seconds + look + MARGIN, name
        assert story.over_after <= 3 * look + MARGIN, name

"""Work in a forked process: its result, its errors and its death."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from cli.beside import Beside


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parallel runs of the tests have a thread of their own, with which nothing would be forked."""
    monkeypatch.setattr("threading.active_count", lambda: 1)


def child() -> int:
    (process,) = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
    return int(process)


def nothing() -> None:
    """Nothing to prepare."""


def sized(size: int) -> tuple[int, bytes]:
    """Who worked, and as much as was asked for."""
    return os.getpid(), bytes(size)


def test_result_comes_from_another_process() -> None:
    with Beside(nothing, sized) as second:
        process, content = second.begin(1_000_000)()
    assert process != os.getpid()
    assert content == bytes(1_000_000)


def test_it_prepares_before_it_is_given_anything() -> None:
    prepared: list[float] = []

    def when(_given: int) -> float:
        return prepared[0]

    with Beside(lambda: prepared.append(time.monotonic()), when) as second:
        time.sleep(0.3)
        given = time.monotonic()
        assert second.begin(1)() < given - 0.1
    assert prepared == []


def test_error_is_raised_here() -> None:
    def divide(given: int) -> float:
        return 1 / given

    with Beside(nothing, divide) as second, pytest.raises(ZeroDivisionError):
        second.begin(0)()


def test_a_process_that_is_given_nothing_ends() -> None:
    with Beside(nothing, sized):
        process = child()
    assert not Path(f"/proc/{process}").exists()


def test_a_result_that_nobody_takes_is_dropped() -> None:
    with Beside(nothing, sized) as second:
        process = child()
        second.begin(10_000_000)
    assert not Path(f"/proc/{process}").exists()


def test_work_of_a_killed_process_is_done_here() -> None:
    own = os.getpid()

    def work(given: int) -> int:
        if os.getpid() != own:
            os._exit(9)
        return given

    with Beside(nothing, work) as second:
        assert second.begin(10)() == 10


def test_work_of_a_process_that_is_killed_before_it_is_given_any_is_done_here() -> None:
    def size(given: bytes) -> tuple[int, int]:
        return os.getpid(), len(given)

    with Beside(nothing, size) as second:
        os.kill(child(), signal.SIGKILL)
        time.sleep(0.1)
        assert second.begin(bytes(10_000_000))() == (os.getpid(), 10_000_000)


def test_work_of_a_process_that_is_killed_while_it_sends_is_done_here() -> None:
    with Beside(nothing, sized) as second:
        answer = second.begin(10_000_000)  # more than a pipe holds: it waits to be read
        time.sleep(0.3)
        os.kill(child(), signal.SIGKILL)
        assert answer()[0] == os.getpid()


def test_an_interruption_is_told_once(capfd: pytest.CaptureFixture[str]) -> None:
    own = os.getpid()

    def work(given: str) -> str:
        if os.getpid() != own:
            time.sleep(60)
        return given

    with Beside(nothing, work) as second:
        answer = second.begin("here")
        time.sleep(0.3)
        os.kill(child(), signal.SIGINT)
        assert answer() == "here"
    assert capfd.readouterr().err == ""


def test_process_with_threads_is_not_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threading.active_count", lambda: 2)
    with Beside(nothing, sized) as second:
        assert second.begin(1)() == (os.getpid(), b"\0")

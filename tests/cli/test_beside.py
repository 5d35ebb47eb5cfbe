"""Work in a forked process: its result, its errors and its death."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from cli.beside import beside


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parallel runs of the tests have a thread of their own, with which nothing would be forked."""
    monkeypatch.setattr("threading.active_count", lambda: 1)


def child() -> int:
    (process,) = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
    return int(process)


def test_result_comes_from_another_process() -> None:
    answer = beside(lambda: (os.getpid(), "何か" * 100_000))
    process, text = answer()
    assert process != os.getpid()
    assert text == "何か" * 100_000


def test_error_is_raised_here() -> None:
    answer = beside(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        answer()


def test_work_of_a_killed_process_is_done_here() -> None:
    own = os.getpid()

    def work() -> int:
        if os.getpid() != own:
            os._exit(9)
        return os.getpid()

    assert beside(work)() == own


def test_work_of_a_process_that_is_killed_while_it_sends_is_done_here() -> None:
    answer = beside(lambda: (os.getpid(), bytes(10_000_000)))  # more than a pipe holds: it waits to be read
    time.sleep(0.3)
    os.kill(child(), signal.SIGKILL)
    assert answer()[0] == os.getpid()


def test_an_interruption_is_told_once(capfd: pytest.CaptureFixture[str]) -> None:
    own = os.getpid()
    answer = beside(lambda: time.sleep(60) if os.getpid() != own else "here")
    time.sleep(0.3)
    os.kill(child(), signal.SIGINT)
    assert answer() == "here"
    assert capfd.readouterr().err == ""


def test_process_with_threads_is_not_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threading.active_count", lambda: 2)
    assert beside(os.getpid)() == os.getpid()

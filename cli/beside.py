"""Work on the second processor: a forked process, which finds everything that is loaded already."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TypeVar

T = TypeVar("T")


def beside(work: Callable[[], T]) -> Callable[[], T]:
    """Begin `work` in a process of its own; call the answer for the result.

    What fails there is done once more here, where its error can be seen; an interruption is told here alone. A process
    with threads is not forked: a lock that one of them holds would never be released in the copy.
    """
    if threading.active_count() > 1:
        return work
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(there, work), daemon=True)
    process.start()
    there.close()

    def result() -> T:
        try:
            done: T = here.recv()
        except (EOFError, OSError):  # it ended before, or while, it sent the result
            done = work()
        process.join()
        return done

    return result


def _send(there: Connection, work: Callable[[], object]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with suppress(Exception):
        there.send(work())

"""Work on the second processor: a forked process, which finds everything that is loaded already."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


def beside(work: Callable[[], T]) -> Callable[[], T]:
    """Begin `work` in a process of its own; call the answer for the result.

    What fails there is done once more here, where its error can be seen; an interruption is told here alone. A process
    with threads is not forked: a lock that one of them holds would never be released in the copy. (Nor is this
    `multiprocessing`, whose import takes as long as a tenth of the work.)
    """
    if threading.active_count() > 1:
        return work
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _send(writing, work)
    os.close(writing)

    def result() -> T:
        try:
            with os.fdopen(reading, "rb") as pipe:
                done: T = pickle.load(pipe)  # noqa: S301 - from ourselves
        except (EOFError, pickle.UnpicklingError):  # it ended before, or while, it sent the result
            return work()
        else:
            return done
        finally:
            os.waitpid(process, 0)

    return result


def _send(writing: int, work: Callable[[], object]) -> None:
    """In the copy: send the result and end, without what a process does at its end."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        with suppress(Exception), os.fdopen(writing, "wb") as pipe:
            pickle.dump(work(), pipe, pickle.HIGHEST_PROTOCOL)
    finally:
        os._exit(0)

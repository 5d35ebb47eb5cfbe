"""Work on the second processor: a forked process, which finds everything that is loaded already."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO, Generic, Self, TypeVar

T = TypeVar("T")
Given = TypeVar("Given")


class Beside(Generic[Given, T]):
    """A process of its own that prepares itself at once, waits for what it is given, and works on it.

    What fails there is done once more here, where its error can be seen; an interruption is told here alone. A process
    with threads is not forked: a lock that one of them holds would never be released in the copy. (Nor is this
    `multiprocessing`, whose import takes as long as a tenth of the work.)
    """

    def __init__(self, prepare: Callable[[], object], work: Callable[[Given], T]) -> None:
        """Name the work; it begins with `with`."""
        self._prepare = prepare
        self._work = work
        self._process = 0
        self._pipes: tuple[BinaryIO, BinaryIO] | None = None

    def __enter__(self) -> Self:
        """Fork."""
        if threading.active_count() > 1:
            return self
        there, here = os.pipe(), os.pipe()
        self._process = os.fork()
        if self._process == 0:
            os.close(there[1])
            os.close(here[0])
            self._live(os.fdopen(there[0], "rb"), os.fdopen(here[1], "wb"))
        os.close(there[0])
        os.close(here[1])
        self._pipes = os.fdopen(here[0], "rb"), os.fdopen(there[1], "wb")
        return self

    def __exit__(self, *error: object) -> None:
        """End it: a process that was given nothing reads the end of its pipe."""
        if self._pipes:
            for pipe in self._pipes:
                with suppress(BrokenPipeError):
                    pipe.close()
            os.waitpid(self._process, 0)

    def begin(self, given: Given) -> Callable[[], T]:
        """Give it what it waits for; call the answer for the result."""
        if not self._pipes:
            return lambda: self._work(given)
        reading, writing = self._pipes
        with suppress(BrokenPipeError):  # it has ended: the result will not come either
            pickle.dump(given, writing, pickle.HIGHEST_PROTOCOL)
            writing.flush()

        def result() -> T:
            try:
                done: T = pickle.load(reading)  # noqa: S301 - from ourselves
            except (EOFError, pickle.UnpicklingError):  # it ended before, or while, it sent the result
                return self._work(given)
            return done

        return result

    def _live(self, reading: BinaryIO, writing: BinaryIO) -> None:
        """In the copy: send the result and end, without what a process does at its end."""
        try:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            with suppress(Exception):
                self._prepare()
                given: Given = pickle.load(reading)  # noqa: S301 - from ourselves
                pickle.dump(self._work(given), writing, pickle.HIGHEST_PROTOCOL)
                writing.flush()
        finally:
            os._exit(0)

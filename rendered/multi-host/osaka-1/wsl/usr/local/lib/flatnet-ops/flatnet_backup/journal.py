"""One command at a time, and what is put right after one that was killed."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from . import metrics, restic
from .settings import KILLED, Failed, Settings, say

PATIENCE = 2 * 3600  # seconds that timers' commands wait for each other: after a boot they start together
A_SERVICE = 5 * 60  # seconds in which a service stops or starts


class Journal:
    """What must be put right if this process dies now; it lies on disk before anything is touched.

    `kind` and `waiting`: whose metrics are not written yet; `stopped`: services that must run again; `moved`: data that
    was moved aside, with the place that it belongs to.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.path = settings.folder / "unfinished.json"
        self.kind = ""
        self.waiting: list[str] = []
        self.stopped: list[str] = []
        self.moved: list[tuple[str, str]] = []

    def save(self) -> None:
        """Write it down, whole and for good; nothing to put right is no file."""
        if not (self.waiting or self.stopped or self.moved):
            self.path.unlink(missing_ok=True)
            return
        facts = {"kind": self.kind, "waiting": self.waiting, "stopped": self.stopped, "moved": self.moved}
        beside = self.path.with_suffix(".new")
        with beside.open("w", encoding="utf-8") as file:
            json.dump(facts, file)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(self.path)

    def settle(self) -> None:
        """Put right what a killed command left: data in its place, services running, failure told."""
        if not self.path.exists():
            return
        say("an earlier command was killed; putting right what it left")
        with contextlib.suppress(ValueError):
            facts = json.loads(self.path.read_text(encoding="utf-8"))
            self.kind, self.waiting, self.stopped = facts["kind"], facts["waiting"], facts["stopped"]
            self.moved = [(old, place) for old, place in facts["moved"]]
        for old, place in self.moved:
            if Path(old).exists() and not Path(place).exists():
                Path(old).rename(place)
                say(f"{place} is back in its place")
        if self.waiting:
            metrics.record(self.settings, self.kind, dict.fromkeys(self.waiting, KILLED), {})
        self.moved, self.waiting = [], []
        with contextlib.suppress(Failed):  # said by `start`; what was asked for now is done all the same
            self.start(self.stopped)
        self.save()

    @contextlib.contextmanager
    def without(self, services: list[str]) -> Iterator[None]:
        """Services that run are stopped meanwhile, and run again afterwards, in the order given."""
        active = [name for name in services if runs(name)]
        try:
            self.stopped = active
            self.save()
            for name in reversed(active):
                systemctl("stop", name)
            yield
        finally:
            self.start(active)

    def start(self, services: list[str]) -> None:
        """Start services, each whatever becomes of the others.

        Raises:
            Failed: one did not start.

        """
        failures = []
        for name in services:
            try:
                systemctl("start", name)
            except Failed as failure:
                failures.append(failure)
                say(str(failure))
        self.stopped = []
        self.save()
        if failures:
            raise failures[0]


def runs(service: str) -> bool:
    """Whether a service is active."""
    return restic.run(["systemctl", "is-active", "--quiet", f"{service}.service"], A_SERVICE)[0] == 0


def systemctl(verb: str, service: str) -> None:
    """Stop or start a service.

    Raises:
        Failed: it did not.

    """
    code, _, err = restic.run(["systemctl", verb, f"{service}.service"], A_SERVICE)
    if code != 0:
        raise Failed(f"systemctl {verb} {service}.service: {err.strip() or code}")


@contextlib.contextmanager
def alone(settings: Settings, command: str, patience: float) -> Iterator[Journal]:
    """Hold the lock of this host's backups, wait for another command as long as `patience` says, and tidy up after it.

    Raises:
        Failed: another command is running still.

    """
    folder = settings.folder
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    with (folder / "lock").open("a+", encoding="utf-8") as lock:
        _take(lock.fileno(), folder / "lock", patience)
        lock.truncate(0)
        lock.write(f"`backup {command}` (process {os.getpid()})\n")
        lock.flush()
        _sweep(folder)
        journal = Journal(settings)
        journal.settle()
        try:
            yield journal
        finally:
            _sweep(folder)


def _sweep(folder: Path) -> None:
    for name in ("stage", "drill", "restore"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _take(lock: int, path: Path, patience: float) -> None:
    end, told = time.monotonic() + patience, False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = path.read_text(encoding="utf-8").strip() or "another command"
            if time.monotonic() >= end:
                raise Failed(f"{holder} is running; wait for its end, or stop it", restic.LOCKED) from None
            if not told:
                say(f"waiting for {holder} to end")
            told = True
            time.sleep(1)
        else:
            return

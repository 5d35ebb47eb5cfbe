"""What became of each part: told to the journal and to Prometheus, whatever happens in between."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping

from . import metrics
from .journal import Journal
from .metrics import Extra
from .restic import Restic, Snapshot
from .settings import REPOSITORY, STOPPED, Failed, Settings, say


class Report:
    """The exit codes of a command's parts, each written as metrics as soon as it is known."""

    def __init__(self, settings: Settings, kind: str, journal: Journal) -> None:
        self.settings, self.kind, self.journal = settings, kind, journal
        self.codes: dict[str, int] = {}
        self.otherwise = STOPPED  # the code of what was not tried

    def opened(self, restic: Restic, *, writing: bool = False) -> list[Snapshot] | None:
        """The host's snapshots; None if the repository cannot be used, which is then the failure of every part."""
        found: list[Snapshot] = []

        def look() -> None:
            restic.open()
            if writing:
                restic.has_room()
            found.extend(restic.snapshots())

        code = attempt(REPOSITORY, look)
        if code:
            self.otherwise = code
        return None if code else found

    def tell(self, name: str, work: Callable[[], Extra | None]) -> int:
        """Do the work of a part and tell its exit code, with the further gauges that the work returns."""
        extra: dict[str, Mapping[str, float] | float] = {}
        code = attempt(name, lambda: extra.update(work() or {}))
        self._told(name, code, extra)
        return code

    def _told(self, name: str, code: int, extra: Extra) -> None:
        self.codes[name] = code
        metrics.record(self.settings, self.kind, {name: code}, extra)
        self.journal.waiting.remove(name)
        self.journal.save()

    def close(self) -> None:
        """Tell of what was not tried: the repository cannot be used, or somebody stopped the command."""
        for name in list(self.journal.waiting):
            self._told(name, self.otherwise, {})


@contextlib.contextmanager
def report(settings: Settings, kind: str, names: list[str], journal: Journal) -> Iterator[Report]:
    """A report on these parts and on the repository; it is complete when the context ends, however it ends."""
    journal.kind, journal.waiting = kind, [*names, REPOSITORY]
    journal.save()
    telling = Report(settings, kind, journal)
    try:
        yield telling
    finally:
        telling.close()


def attempt(name: str, work: Callable[[], object]) -> int:
    """Do something; say why if it fails. Return 0, or the code of its failure."""
    try:
        work()
    except Failed as failure:
        say(f"{name}: FAILED: {failure}")
        return failure.code
    except (OSError, sqlite3.Error, ValueError) as error:
        say(f"{name}: FAILED: {error}")
        return 1
    return 0

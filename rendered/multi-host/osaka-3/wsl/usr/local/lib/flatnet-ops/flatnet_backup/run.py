"""`backup run`: a snapshot of each part, then what the retention table lets go is forgotten."""

from __future__ import annotations

import json
import time
from functools import partial

from . import metrics
from .copies import copy
from .journal import Journal
from .report import report
from .restic import NOT_READ, Restic, Snapshot
from .settings import REPOSITORY, Failed, Part, Settings, say, size


def run(settings: Settings, names: list[str], journal: Journal) -> int:
    """Back up the parts of these names, or all. Return the exit code: 0, or 1 where something failed."""
    parts = settings.chosen(names)
    restic = Restic(settings)
    with report(settings, "backup", [part.name for part in parts], journal) as telling:
        known = telling.opened(restic, writing=True)
        if known is not None:
            good = [
                part
                for part in parts
                if telling.tell(part.name, partial(back_up, settings, restic, part, journal)) == 0
            ]
            telling.tell(REPOSITORY, partial(tidy, restic, good, known, whole=not names))
    return 1 if any(telling.codes.values()) else 0


def back_up(settings: Settings, restic: Restic, part: Part, journal: Journal) -> None:
    """Make a snapshot of a part.

    Raises:
        Failed: there is none, or it lacks something.

    """
    started = time.monotonic()
    say(f"{part.name}: begins")
    with copy(settings, part, journal) as found:
        code, summary = restic.backup(part, found)
    for line in found.wrong:
        say(f"{part.name}: {line}")
    what = f"snapshot {summary['snapshot_id'][:8]}" if summary.get("snapshot_id") else "nothing has changed"
    new, all_of_it = size(summary.get("data_added", 0)), size(summary.get("total_bytes_processed", 0))
    if code == NOT_READ:
        raise Failed(f"{what}, but not all of it is right; the last whole snapshot is kept", NOT_READ)
    say(f"{part.name}: done: {what}, {new} new of {all_of_it}, {time.monotonic() - started:.0f} s")


def tidy(restic: Restic, good: list[Part], known: list[Snapshot], *, whole: bool) -> dict[str, float]:
    """Drop incomplete snapshots that a whole one has followed; after a whole run, do what the retention table says.

    Of a part that has no new whole snapshot, or whose last restore drill failed, nothing is forgotten; nor of any part
    while the repository is damaged. Returns the size of the repository.

    Raises:
        Failed: the repository is damaged, or cannot be written.

    """
    replaced = [one.id for one in known if not one.whole and any(part.tag in one.tags for part in good)]
    if replaced:
        restic.call("forget", *replaced)
    if not whole:
        return {}
    # Before anything older goes, since new snapshots share what is damaged. Over a network what is at hand is not asked
    # for again.
    restic.read("check", *([] if restic.settings.repository.mount else ["--with-cache"]))
    _forget(restic, proved(restic.settings, good))
    restic.call("prune")
    _, out = restic.call("stats", "--mode", "raw-data", "--json")
    total = json.loads(out)["total_size"]
    say(f"{REPOSITORY}: done: {size(total)}")
    return {"repository_bytes": total}


def proved(settings: Settings, good: list[Part]) -> list[Part]:
    """The parts of which snapshots may go: those whose last restore drill did not fail, nor that of the repository."""
    doubtful = metrics.failed(settings, "restore_drill")
    held = [part for part in good if {part.name, REPOSITORY} & doubtful]
    for part in held:
        say(f"{part.name}: its last restore drill failed; every snapshot is kept until one succeeds")
    return [part for part in good if part not in held]


def _forget(restic: Restic, parts: list[Part]) -> None:
    host = ["--host", restic.settings.host, "--group-by", "host,tags"]
    for keep in {tuple(part.keep.items()) for part in parts}:
        tags = [word for part in parts if tuple(part.keep.items()) == keep for word in ("--tag", part.tag)]
        units = [word for unit, count in keep for word in (f"--keep-{unit}", str(count))]
        restic.call("forget", *host, *tags, *units)

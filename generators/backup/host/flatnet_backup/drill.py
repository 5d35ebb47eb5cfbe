"""`backup drill`: the newest snapshot of each part is restored into a scratch folder and looked at."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import urllib.parse
from datetime import datetime
from functools import partial
from pathlib import Path

from .copies import find_databases
from .journal import Journal
from .report import report
from .restic import LONG, Restic, Snapshot
from .restore import choose, fetch
from .settings import REPOSITORY, Failed, Part, Settings, say

BLOCK = ("meta.json", "index", "chunks")
SHARE = "5G"  # of packs chosen by chance, all of a small repository: older snapshots take damage too


def drill(settings: Settings, journal: Journal) -> int:
    """Prove every part and the repository. Return the exit code: 0, or 1 where something failed."""
    restic = Restic(settings)
    with report(settings, "restore_drill", [part.name for part in settings.parts], journal) as telling:
        known = telling.opened(restic)
        if known is not None:
            for part in settings.parts:
                telling.tell(part.name, partial(prove, restic, part, known))
            telling.tell(REPOSITORY, partial(check, restic))
    return 1 if any(telling.codes.values()) else 0


def prove(restic: Restic, part: Part, known: list[Snapshot]) -> dict[str, dict[str, float]]:
    """Restore the newest whole snapshot of a part and look at it. Return the time of the snapshot.

    Raises:
        Failed: it cannot be restored or could not be used.

    """
    scratch = restic.settings.folder / "drill" / part.name
    snapshot = choose(part, known)
    try:
        fetch(restic, snapshot, scratch)
        databases = look_at(part, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    say(f"{part.name}: done: restored and verified" + (f", databases: {databases}" if databases else ""))
    return {"snapshot_timestamp_seconds": {part.name: datetime.fromisoformat(snapshot.time).timestamp()}}


def check(restic: Restic) -> None:
    """Have restic check the repository, and read a share of it."""
    restic.read("check", "--read-data-subset", SHARE, limit=LONG)
    say(f"{REPOSITORY}: done: checked, up to {SHARE} of it read")


def look_at(part: Part, folder: Path) -> int:
    """See that a restored part could be used. Return how many databases it has.

    Raises:
        Failed: a database is damaged, or a block of Prometheus is incomplete.

    """
    count = 0
    if part.way == "prometheus":
        blocks = [path for path in folder.iterdir() if path.is_dir()]
        broken = [
            path.name for path in blocks if not all((path / x).exists() for x in ("meta.json", "index", "chunks"))
        ]
        if broken or not blocks:
            raise Failed(f"blocks that are not whole: {', '.join(broken) or 'there is none'}")
    if part.way == "sqlite":
        for path in find_databases(folder):
            address = f"file:{urllib.parse.quote(str(path))}?mode=ro&immutable=1"
            with contextlib.closing(sqlite3.connect(address, uri=True)) as database:
                (answer,) = database.execute("PRAGMA integrity_check").fetchone()
            if answer != "ok":
                raise Failed(f"the database {path.relative_to(folder)} is damaged: {answer}")
            count += 1
    return count

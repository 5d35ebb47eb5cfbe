"""`backup restore`: the data of a snapshot takes the place of what lies there, or of nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
from itertools import groupby
from pathlib import Path

from .copies import copy_contents, like
from .journal import Journal
from .report import attempt
from .restic import LONG, Restic, Snapshot
from .settings import Failed, Part, Settings, need_room, say, size


def restore(settings: Settings, names: list[str], journal: Journal, wanted: str | None, *, force: bool) -> int:
    """Put parts back, those of one service together. Return the exit code: 0, or 1 where something failed.

    Raises:
        Failed: there is no such part, the repository cannot be used, or data would be replaced and `force` is not set.

    """
    parts = settings.chosen(names)
    full = [str(part.folder) for part in parts if not force and part.folder.is_dir() and any(part.folder.iterdir())]
    if full:
        raise Failed(f"nothing is touched: {', '.join(full)} holds data; `--force` replaces it")
    restic = Restic(settings)
    restic.open()
    known = restic.snapshots()
    codes = []
    for service, group in groupby(parts, key=lambda part: part.service or part.name):
        together = list(group)
        services = [service] if together[0].service else []
        codes.append(attempt(service, lambda: _put_back(restic, together, known, wanted, journal, services)))  # noqa: B023
    return 1 if any(codes) else 0


def _put_back(  # noqa: PLR0913 - one step of `restore`, with all that it knows
    restic: Restic, parts: list[Part], known: list[Snapshot], wanted: str | None, journal: Journal, services: list[str]
) -> None:
    """Fetch first, then stop what uses the data: until the new lies beside the old, verified, nothing changes."""
    beside = [(part, part.folder.with_name(f".{part.folder.name}.restored")) for part in parts]
    try:
        for part, folder in beside:
            shutil.rmtree(folder, ignore_errors=True)
            folder.parent.mkdir(parents=True, exist_ok=True)
            _fetch_beside(restic, choose(part, known, wanted), part, folder)
        with journal.without(services):
            for part, folder in beside:
                swap(journal, folder, part.folder)
                say(f"{part.name}: restored to {part.folder}")
        for name in services:
            journal.start([name])  # also one that did not run: its data was gone
    finally:
        for _, folder in beside:
            shutil.rmtree(folder, ignore_errors=True)


def choose(part: Part, known: list[Snapshot], wanted: str | None = None) -> Snapshot:
    """The newest whole snapshot of a part, or the one that is wanted, by the beginning of its id.

    Raises:
        Failed: there is none.

    """
    own = [one for one in known if part.tag in one.tags]
    if wanted:
        own = [one for one in own if one.id.startswith(wanted)]
        if len(own) != 1:
            raise Failed(f"there is no one snapshot {wanted} of {part.name}; `backup restic snapshots` lists them")
        return own[0]
    whole = [one for one in own if one.whole]
    if not whole:
        raise Failed(f"there is no whole snapshot of {part.name}")
    if own[-1] is not whole[-1]:
        say(f"{part.name}: {own[-1].id[:8]} of {own[-1].time[:16]} is newer and incomplete; it is passed over")
    return whole[-1]


def _fetch_beside(restic: Restic, snapshot: Snapshot, part: Part, folder: Path) -> None:
    if not part.windows:
        fetch(restic, snapshot, folder)
        return
    scratch = restic.settings.folder / "restore" / part.name
    try:
        fetch(restic, snapshot, scratch)
        need_room(folder, 1)
        copy_contents(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def fetch(restic: Restic, snapshot: Snapshot, target: Path) -> None:
    """Restore all that a snapshot holds into one folder, verified: files as they lay, over them what was copied.

    Raises:
        Failed: it cannot be restored, is damaged, or does not fit the disk.

    """
    need_room(target, snapshot.size)
    say(f"snapshot {snapshot.id[:8]} of {snapshot.time[:16]}: {size(snapshot.size)} to {target}")
    fetched = target.with_name(f"{target.name}.fetched")  # snapshots hold whole paths, from the root on
    shutil.rmtree(fetched, ignore_errors=True)
    try:
        restic.read("restore", snapshot.id, "--target", str(fetched), "--verify", "--quiet", limit=LONG)
        first, *others = (fetched / path.lstrip("/") for path in snapshot.paths)
        target.parent.mkdir(parents=True, exist_ok=True)
        first.rename(target)
        for tree in others:
            merge(tree, target)
    finally:
        shutil.rmtree(fetched, ignore_errors=True)


def merge(tree: Path, target: Path) -> None:
    """Move the files of a tree to the same places below another one; folders that it alone has go with them."""
    for here, _, names in os.walk(tree):
        there = target / Path(here).relative_to(tree)
        if not there.is_dir():
            there.mkdir(parents=True)
            like(Path(here), there)
        for name in names:
            Path(here, name).rename(there / name)


def swap(journal: Journal, new: Path, place: Path) -> None:
    """Put `new` in its place; what lay there is gone when it is there, and back if it does not get there."""
    old = place.with_name(f".{place.name}.replaced")
    shutil.rmtree(old, ignore_errors=True)
    try:
        if place.exists():
            journal.moved = [(str(old), str(place))]
            journal.save()
            place.rename(old)
        new.rename(place)
    except BaseException:
        with contextlib.suppress(OSError):
            if not place.exists():
                old.rename(place)
        raise
    finally:
        journal.moved = []
        journal.save()
    shutil.rmtree(old, ignore_errors=True)

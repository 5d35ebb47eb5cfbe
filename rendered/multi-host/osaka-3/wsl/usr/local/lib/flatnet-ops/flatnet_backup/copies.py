"""How a consistent copy of a part is had while it is in use, without room for all of it a second time.

folder: its writers rename whole files into place, so it is read as it lies.
sqlite: read as it lies, but its databases, which are copied by SQLite's own backup before, and then the branches and
tags of git repositories: whatever these speak of when they are copied is in the files that are read after them.
prometheus: its own snapshot, which is links to blocks that never change.
stopped: the service is stopped while old chunks, which never change, are linked and the rest is copied.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from .journal import Journal
from .restic import Copy
from .settings import Failed, Part, Settings, need_room

DATABASE = b"SQLite format 3\0"
BESIDE_IT = ("-wal", "-shm", "-journal")
REFERENCES = ("packed-refs", "HEAD")  # of git, beside the folder `refs`
BUSY = 600  # seconds that a database may be locked or a snapshot of Prometheus may take
DAY = 86400


@contextlib.contextmanager
def copy(settings: Settings, part: Part, journal: Journal) -> Iterator[Copy]:
    """A consistent copy of a part, to be read as long as the context lasts.

    Raises:
        Failed: it cannot be had.

    """
    if not part.folder.is_dir():
        raise Failed(f"{part.folder} is not there")
    stage = settings.folder / "stage" / part.name
    shutil.rmtree(stage, ignore_errors=True)
    try:
        if part.way == "prometheus":
            with _snapshot_of_prometheus(settings, part.folder) as snapshot:
                yield Copy([snapshot])
        elif part.way == "stopped":
            with journal.without([part.service] if part.service else []):
                link_or_copy(part.folder, stage)
            yield Copy([stage])
        elif part.way == "sqlite":
            yield with_databases(part.folder, stage)
        else:
            yield Copy([part.folder])
    finally:
        shutil.rmtree(stage, ignore_errors=True)


# --- databases ------------------------------------------------------------------------------------------------------


def with_databases(source: Path, stage: Path) -> Copy:
    """The folder itself, with databases and git's references copied into `stage`, at the same places below it."""
    databases = list(find_databases(source))
    need_room(stage, sum(path.stat().st_size for path in databases))
    found = Copy([source])
    for path in databases:
        target = stage / path.relative_to(source)
        try:
            _make_folders(source, stage, target.parent.relative_to(stage))
            copy_database(path, target)
        except FileNotFoundError:
            continue  # deleted since: it is no part of this moment
        except (OSError, sqlite3.Error) as error:
            target.unlink(missing_ok=True)
            found.wrong.append(f"{path} is saved as it lies and may be inconsistent: {error}")
            continue
        found.excluded += [path, *(path.with_name(path.name + ending) for ending in BESIDE_IT)]
    for path in find_repositories(source):
        try:
            _make_folders(source, stage, path.relative_to(source))
            copy_references(path, stage / path.relative_to(source))
        except FileNotFoundError:
            continue
        except OSError as error:
            found.wrong.append(f"branches of {path} are saved as they lie and may be newer than its commits: {error}")
            continue
        found.excluded += [path / name for name in ("refs", *REFERENCES, *(f"{name}.lock" for name in REFERENCES))]
    if stage.is_dir():
        found.paths.append(stage)
    return found


def find_databases(folder: Path) -> Iterator[Path]:
    """Every SQLite database of a tree. What cannot be read is left to restic, which tells of it."""
    for here, _, names in os.walk(folder):
        for name in names:
            path = Path(here, name)
            with contextlib.suppress(OSError):
                status = path.lstat()
                if status.st_size and status.st_size % 512 == 0 and not path.is_symlink() and _begins(path):
                    yield path


def _begins(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(DATABASE)) == DATABASE


def copy_database(source: Path, target: Path) -> None:
    """Copy a database that others write to, as it is at one moment, with its owner and mode."""
    end = time.monotonic() + BUSY

    def in_time(*_: int) -> None:
        if time.monotonic() > end:
            raise sqlite3.OperationalError(f"locked for {BUSY} seconds")

    address = f"file:{urllib.parse.quote(str(source))}?mode=ro"
    with (
        contextlib.closing(sqlite3.connect(address, uri=True, timeout=60)) as live,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        live.backup(new, progress=in_time)
    like(source, target)


# --- git ------------------------------------------------------------------------------------------------------------


def find_repositories(folder: Path) -> Iterator[Path]:
    """Every git repository of a tree, bare or not, by the folder that holds its branches."""
    for here, folders, names in os.walk(folder):
        if "HEAD" in names and {"objects", "refs"} <= set(folders):
            folders.clear()
            yield Path(here)


def copy_references(repository: Path, target: Path) -> None:
    """Copy branches and tags, without locks: a push that is going on would leave its own behind for ever.

    Single ones come first: what git packs meanwhile is then in both, and the single one counts.
    """
    for here, _, names in os.walk(repository / "refs"):
        with contextlib.suppress(FileNotFoundError):  # git takes empty folders away
            _make_folders(repository, target, Path(here).relative_to(repository))
            _copy_files(Path(here), target / Path(here).relative_to(repository), names)
    _copy_files(repository, target, REFERENCES)


def _copy_files(source: Path, target: Path, names: Iterable[str]) -> None:
    for name in names:
        if not name.endswith(".lock"):
            with contextlib.suppress(FileNotFoundError):  # packed or deleted since, or never there
                shutil.copy2(source / name, target / name, follow_symlinks=False)
                like(source / name, target / name)


# --- Prometheus -----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _snapshot_of_prometheus(settings: Settings, data: Path) -> Iterator[Path]:
    asked, stable = settings.folder / "prometheus-asked", data / "snapshots" / "backup"
    _drop_snapshots(asked, stable)
    asked.touch()
    try:
        made = data / "snapshots" / _ask_for_snapshot(settings.prometheus)
        made.rename(stable)  # a path that never changes: restic finds what it has read the day before
        like(data, stable)
        asked.unlink()
        yield stable
    finally:
        _drop_snapshots(asked, stable)


def _ask_for_snapshot(address: str) -> str:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(f"{address}/api/v1/admin/tsdb/snapshot", method="POST")
    try:
        with direct.open(request, timeout=BUSY) as answer:
            return str(json.load(answer)["data"]["name"])
    except (OSError, ValueError, KeyError) as error:
        raise Failed(f"Prometheus makes no snapshot: {error}") from error


def _drop_snapshots(asked: Path, stable: Path) -> None:
    """Delete our snapshot, also one that was made for a run that was killed: it keeps deleted blocks on the disk."""
    shutil.rmtree(stable, ignore_errors=True)
    if not asked.exists():
        return
    moment = asked.stat().st_mtime
    for path in stable.parent.glob("*Z-*"):
        with contextlib.suppress(ValueError):
            named = datetime.strptime(path.name.split("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
            if moment - 2 <= named <= moment + BUSY:
                shutil.rmtree(path, ignore_errors=True)
    asked.unlink()


# --- Loki -----------------------------------------------------------------------------------------------------------


def link_or_copy(source: Path, stage: Path) -> None:
    """A copy of a tree: links to chunks that are a day old or more, which nobody writes to any more, else copies.

    Raises:
        Failed: there is no room for the copies, or links would lead to another disk.

    """
    old = time.time() - DAY

    def chunk(path: Path) -> bool:
        inside = path.relative_to(source).parts
        return inside[0] == "chunks" and inside[1] != "index" and path.lstat().st_mtime < old

    files = [Path(here, name) for here, _, names in os.walk(source, onerror=_stop) for name in names]
    links = {path for path in files if chunk(path)}
    need_room(stage, sum(path.lstat().st_size for path in files if path not in links))
    for here, _, _ in os.walk(source, onerror=_stop):
        _make_folders(source, stage, Path(here).relative_to(source))
    for path in files:
        target = stage / path.relative_to(source)
        if path in links:
            try:
                os.link(path, target)
            except OSError as error:
                raise Failed(f"{source} and {stage} must lie on one file system: {error}") from error
        else:
            shutil.copy2(path, target, follow_symlinks=False)
            like(path, target)


# --- files ----------------------------------------------------------------------------------------------------------


def copy_contents(source: Path, target: Path) -> None:
    """Copy files and their times, nothing else: a drive of Windows has its own idea of owners and modes."""
    for here, _, names in os.walk(source, onerror=_stop):
        there = target / Path(here).relative_to(source)
        there.mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copyfile(Path(here, name), there / name)
            status = Path(here, name).stat()
            os.utime(there / name, ns=(status.st_atime_ns, status.st_mtime_ns))


def _make_folders(source: Path, stage: Path, inside: Path) -> None:
    """Make `stage/inside` and what lies above it, each like its original."""
    for folder in (*reversed(inside.parents), inside):
        there = stage / folder
        if not there.is_dir():
            there.mkdir(parents=True)
            like(source / folder, there)


def like(source: Path, target: Path) -> None:
    """Give a copy owner, mode and times of its original."""
    status = source.lstat()
    os.chown(target, status.st_uid, status.st_gid, follow_symlinks=False)
    shutil.copystat(source, target, follow_symlinks=False)


def _stop(error: OSError) -> None:
    raise error

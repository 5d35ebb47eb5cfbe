"""The committed tree on disk: compare it with a fresh render, and write what differs.

A file is written beside its place and renamed into it, so each file in `rendered/` is whole, old or new, at every
moment. What a killed run left behind is no file of the render, and goes with the next one.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.errors import UserError

Tree = Mapping[str, bytes]


@dataclass(frozen=True)
class Changes:
    """Paths, relative to the tree, at which the disk is not what a fresh render is."""

    missing: tuple[str, ...]
    different: tuple[str, ...]
    stale: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.missing or self.different or self.stale)


def compare(folder: Path, tree: Tree) -> Changes:
    """Compare a folder with a render, both ways and byte for byte."""
    there = set(_files(folder))
    different = (path for path in tree if path in there and not _holds(folder / path, tree[path]))
    return Changes(tuple(sorted(tree.keys() - there)), tuple(sorted(different)), tuple(sorted(there - tree.keys())))


def write(folder: Path, tree: Tree) -> Changes:
    """Make a folder equal to a render, touching only what differs. Returns what was changed.

    Raises:
        UserError: the folder cannot be written; what was written until then is whole.
    """
    changes = compare(folder, tree)
    try:
        for path in changes.stale:  # first: a file may stand where a folder belongs now
            (folder / path).unlink()
            _remove_empty(folder, (folder / path).parent)
        for path in (*changes.missing, *changes.different):
            _write_file(folder, path, tree[path])
    except OSError as error:
        raise UserError(
            f"{error.filename or folder} cannot be written: {error.strerror}. "
            "Every file in the tree is whole, old or new; run `make render` again when this is mended."
        ) from None
    return changes


def _files(folder: Path) -> Iterator[str]:
    for here, _, names in os.walk(folder):
        for name in names:
            yield Path(here, name).relative_to(folder).as_posix()


def _holds(path: Path, content: bytes) -> bool:
    found = path.lstat()
    return stat.S_ISREG(found.st_mode) and found.st_size == len(content) and path.read_bytes() == content


def _write_file(folder: Path, path: str, content: bytes) -> None:
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.parent.resolve().is_relative_to(folder.resolve()):
        raise UserError(f"{place.parent} is a link that leads out of {folder}; remove it")
    beside = place.with_name(f".{place.name}.new")
    try:
        beside.write_bytes(content)
        beside.replace(place)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _remove_empty(folder: Path, here: Path) -> None:
    while here != folder and not any(here.iterdir()):
        here.rmdir()
        here = here.parent

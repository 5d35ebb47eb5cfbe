"""What is backed up on this host, where to, and how long it is kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SETTINGS = Path("/etc/flatnet-ops/backup.json")
REPOSITORY = "repository"  # the `part` of metrics that speak of the repository as a whole

RESERVE = 1 << 30  # bytes of a disk that stay free

# Exit codes beside restic's own (0 fine, 1 fatal, 3 something was not read, 10 no repository, 11 locked, 12 wrong
# password): those of the field.
NO_REPOSITORY, NO_SETTINGS, KILLED, STOPPED = 10, 78, 137, 143


class Failed(Exception):  # noqa: N818 - it says what happened: the backup failed
    """Something could not be done; the message says why and what to do, `code` is restic's or one of ours."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Part:
    """One stateful part. `way`: how a consistent copy is had; `keep`: restic's `--keep-…`, by unit."""

    name: str
    folder: Path
    way: str
    service: str | None
    windows: bool  # on a Windows drive: contents alone are restored, owners and modes are the affair of Windows
    on_change: bool  # a snapshot where something has changed, and no other
    keep: Mapping[str, int]

    @property
    def tag(self) -> str:
        """The tag of its snapshots."""
        return f"part={self.name}"


@dataclass(frozen=True)
class Repository:
    """Where the snapshots lie. `mount`: the file system that must be mounted there, for a folder."""

    url: str
    mount: str | None
    options: tuple[str, ...]
    environment_files: Mapping[str, str]


@dataclass(frozen=True)
class Settings:
    """The settings of this host."""

    host: str
    repository: Repository
    password_file: str
    folder: Path
    metrics_folder: Path
    prometheus: str
    parts: tuple[Part, ...]  # in the order in which they are restored

    def chosen(self, names: list[str]) -> tuple[Part, ...]:
        """The parts of these names; all of them if there is none.

        Raises:
            Failed: there is no such part.

        """
        known = {part.name for part in self.parts}
        for name in names:
            if name not in known:
                raise Failed(f"there is no part {name}; there is {', '.join(sorted(known))}")
        return tuple(part for part in self.parts if not names or part.name in names)


def read(path: Path = SETTINGS) -> Settings:
    """Read the settings.

    Raises:
        Failed: they cannot be read or are not what this script reads.

    """
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        repository = raw["repository"]
        return Settings(
            host=raw["host"],
            repository=Repository(
                repository["url"],
                repository.get("mount"),
                tuple(repository.get("options", ())),
                repository.get("environment_files", {}),
            ),
            password_file=raw["password_file"],
            folder=Path(raw["folder"]),
            metrics_folder=Path(raw["metrics_folder"]),
            prometheus=raw["prometheus"],
            parts=tuple(Part(**{**part, "folder": Path(part["folder"])}) for part in raw["parts"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failed(f"the settings {path} cannot be read: {error!r}", NO_SETTINGS) from error


def say(text: str) -> None:
    """A line for the journal."""
    print(text, flush=True)


def size(count: float) -> str:
    """A number of bytes as people read it."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TB"


def need_room(folder: Path, count: float) -> None:
    """See that `count` bytes fit the disk of a folder that may not be there yet, and leave something free.

    Raises:
        Failed: they do not.

    """
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    if count and count + RESERVE > free:
        raise Failed(f"{size(count)} and {size(RESERVE)} in reserve do not fit the {size(free)} free at {there}")

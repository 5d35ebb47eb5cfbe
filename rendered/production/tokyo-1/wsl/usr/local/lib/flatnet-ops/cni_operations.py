"""Counters of CNI operations: from the records that the shim leaves or, without it, from the journal.

The counters lie in one file, with all that says how far they have come: names of records that are counted and not yet
removed, and the place in the journal. It is replaced whole, so at whatever point a run ends, the next one counts
nothing twice and loses nothing. Python 3.12 of Ubuntu 24.04, nothing else.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COMMANDS = ("ADD", "CHECK", "DEL")
OUTCOMES = ("failure", "success")
JOURNAL_SECONDS = 60
_BEGUN = re.compile(r"begun\.(?P<id>[0-9a-f]{16})\.(?P<pid>\d+)\.(?P<started>\d+)\.(?P<command>ADD|CHECK|DEL)")
_DONE = re.compile(
    r"done\.[0-9a-f]{16}\.(?P<command>ADD|CHECK|DEL)\.(?P<outcome>failure|success)"
    r"\.(?P<code>\d{1,3}|signal|killed|unknown)\.(?P<microseconds>\d*)\.(?P<unregistered>[01])"
)
# libcni: plugin type="flatnet" failed (add): …; a message of Podman's logger has it within quotes of its own.
_FAILED = re.compile(
    r'plugin type=\\*"(?P<type>[^"\\]+)\\*"(?: name=\\*"[^"\\]*\\*")? failed \((?P<verb>add|check|delete)\)'
)
_VERBS = {"add": "ADD", "check": "CHECK", "delete": "DEL"}


@dataclass
class Counters:
    """What has been counted. Durations: for each command the operations by bucket, the last one without bound."""

    buckets: list[float]
    operations: dict[str, dict[str, int]] = field(
        default_factory=lambda: {c: dict.fromkeys(OUTCOMES, 0) for c in COMMANDS}
    )
    failures: dict[str, dict[str, int]] = field(default_factory=lambda: {command: {} for command in COMMANDS})
    durations: dict[str, list[int]] = field(default_factory=dict)
    microseconds: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COMMANDS, 0))
    unregistered: int = 0
    counted: list[str] = field(default_factory=list)
    cursor: str | None = None
    since: int = 0

    def __post_init__(self) -> None:
        for command in COMMANDS:
            self.durations.setdefault(command, [0] * (len(self.buckets) + 1))

    def failed(self, command: str, code: str) -> None:
        """Count a failure."""
        self.failures[command][code] = self.failures[command].get(code, 0) + 1


def read_counters(path: Path, buckets: list[float], now: int) -> Counters:
    """Read the counters. Where they are not there, or not whole, or had other buckets, counting starts anew."""
    fresh = Counters(buckets, since=now)
    try:
        found = Counters(**json.loads(path.read_bytes()))
        if _shape(found) == _shape(fresh) and found.buckets == buckets:
            return found
        reason = "it has another form, or other buckets"
    except FileNotFoundError:
        return fresh
    except (OSError, TypeError, ValueError, RecursionError, AttributeError) as error:
        reason = str(error)
    print(f"{path} cannot be used ({reason}): counting starts anew")
    return fresh


def _shape(counters: Counters) -> Any:
    """What must be alike in every file: the types of all values, and which commands and outcomes there are."""

    def kind(value: Any) -> Any:
        return {key: kind(item) for key, item in value.items()} if isinstance(value, dict) else type(value).__name__

    def kinds(values: Any) -> set[str]:
        return {type(value).__name__ for value in values}

    values = vars(counters)
    return (
        {name: kind(values[name]) for name in ("operations", "microseconds", "unregistered", "since")},
        {command: (len(counts), kinds(counts)) for command, counts in counters.durations.items()},
        {command: kinds(codes.values()) <= {"int"} for command, codes in counters.failures.items()},
        kinds(counters.counted) <= {"str"},
        isinstance(counters.cursor, str | None),
    )


def write_counters(path: Path, counters: Counters) -> None:
    """Replace the file; it is on the disk when this returns."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(vars(counters), file)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)


# --- records of the shim --------------------------------------------------------------------------------------------


def count_records(folder: Path, counters: Counters) -> list[Path]:
    """Count every record that is new; return those that may be removed once the counters are written."""
    _claim_killed(folder)
    present = {path.name: path for path in folder.iterdir() if _DONE.fullmatch(path.name)}
    for name in sorted(present.keys() - set(counters.counted)):
        _count(name, counters)
    counters.counted = sorted(present)
    return [present[name] for name in counters.counted]


def _claim_killed(folder: Path) -> None:
    """Mark operations as killed whose shim is gone. Renaming decides: one that has just ended renamed its own."""
    for path in list(folder.iterdir()):
        begun = _BEGUN.fullmatch(path.name)
        if begun and _is_gone(begun["pid"], begun["started"]):
            try:
                path.rename(path.with_name(f"done.{begun['id']}.{begun['command']}.failure.killed..0"))
            except OSError:
                continue


def _is_gone(pid: str, started: str) -> bool:
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return True
    except (OSError, ValueError):
        return False
    return rest[18] != started or state in {"X", "Z"}


def _count(name: str, counters: Counters) -> None:
    done = _DONE.fullmatch(name)
    assert done
    command = done["command"]
    counters.operations[command][done["outcome"]] += 1
    counters.unregistered += int(done["unregistered"])
    if done["outcome"] == "failure":
        counters.failed(command, done["code"])
    if done["microseconds"]:
        duration = int(done["microseconds"])
        counters.durations[command][bisect_left(counters.buckets, duration / 1e6)] += 1
        counters.microseconds[command] += duration


# --- the journal ----------------------------------------------------------------------------------------------------


def count_journal(plugin: str, counters: Counters, options: tuple[str, ...] = ()) -> None:
    """Count what Podman has told the journal of failures of a plugin since the last time.

    The text has no code of CNI: libcni prints message and details alone.
    """
    for entry in _entries(counters, options):
        command = failed_command(entry.get("MESSAGE"), plugin)
        if command:
            counters.failed(command, "unknown")
        counters.cursor = str(entry["__CURSOR"])


def failed_command(message: Any, plugin: str) -> str | None:
    """The command that a line of Podman's says has failed, or None. What is no text comes as a list of bytes."""
    if isinstance(message, list):
        message = bytes(byte & 255 for byte in message if isinstance(byte, int)).decode("utf-8", "replace")
    found = _FAILED.search(message) if isinstance(message, str) else None
    return _VERBS[found["verb"]] if found and found["type"] == plugin else None


def _entries(counters: Counters, options: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    place = f"--after-cursor={counters.cursor}" if counters.cursor else f"--since=@{counters.since}"
    command = ["journalctl", "--output=json", "--output-fields=MESSAGE", "--quiet", "--no-pager", "--all", *options]
    done = subprocess.run(
        [*command, "--identifier=podman", place], stdin=subprocess.DEVNULL, capture_output=True, timeout=JOURNAL_SECONDS
    )
    if done.returncode != 0:
        raise OSError(f"journalctl ended with {done.returncode}: {done.stderr.decode('utf-8', 'replace').strip()}")
    for line in done.stdout.splitlines():
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict) and isinstance(entry.get("__CURSOR"), str):
            yield entry

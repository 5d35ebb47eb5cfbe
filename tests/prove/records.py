"""What each test of the proof has measured, on disk: an interrupted proof goes on, and the report is made of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

FOLDER = ROOT / ".proof"
# What decides a measurement, but for the modules of other tests; documents do not.
DECIDES = ("alerts", "environments", "generators", "model", "rendered", "tests", "tools")


@dataclass(frozen=True)
class Said:
    """A text of the report, in both of its languages."""

    en: str
    ja: str


@dataclass(frozen=True)
class Row:
    """A row of the report: what was done, what was promised, what was measured."""

    fault: Said
    expected: Said
    measured: Said


@dataclass(frozen=True)
class Record:
    """The latest run of one test, with the tree as it is."""

    test: str  # as pytest names it
    section: Said
    passed: bool
    why: str  # the last line of what a failed test said
    date: str  # 2026-11-25
    seconds: float
    rows: tuple[Row, ...]


@cache
def tree(module: str = "") -> str:
    """Digest of all that decides what a module's tests measure: a record of another tree proves nothing of this one.

    Without a module it is the part that all have in common.
    """
    digest = hashlib.sha256()
    for path in sorted(path for name in DECIDES for path in (ROOT / name).rglob("*")):
        name = str(path.relative_to(ROOT))
        other_test = path.name.startswith("test_") and name != module and name.startswith("tests/")
        if path.is_file() and "__pycache__" not in path.parts and not other_test:
            digest.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def _folder(test: str) -> Path:
    return FOLDER / tree(test.partition("::")[0])


def keep(record: Record) -> None:
    """Put a record in the place of the one before."""
    path = _folder(record.test) / f"{hashlib.sha256(record.test.encode()).hexdigest()[:16]}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(asdict(record), ensure_ascii=False, indent=1), encoding="utf-8")
    beside.replace(path)


def kept() -> list[Record]:
    """The records of this tree, by the name of the test."""
    every = ((path, _record(json.loads(path.read_text(encoding="utf-8")))) for path in FOLDER.glob("*/*.json"))
    return sorted((record for path, record in every if path.parent == _folder(record.test)), key=lambda one: one.test)


def _record(raw: dict[str, object]) -> Record:
    rows = raw.pop("rows")
    assert isinstance(rows, list)
    section = raw.pop("section")
    assert isinstance(section, dict)
    read = tuple(Row(**{key: Said(**text) for key, text in row.items()}) for row in rows)
    return Record(section=Said(**section), rows=read, **raw)  # type: ignore[arg-type]  # written by `keep`


def passed() -> set[str]:
    """The tests that have passed with this tree."""
    return {record.test for record in kept() if record.passed}

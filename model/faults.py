"""What is wrong with a description, and where: values that are collected, and printed together at the top."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple


class Origin(NamedTuple):
    """A place in a file; line and column count from 1, and 0 means the file as a whole."""

    file: Path
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file.as_posix()}:{self.line}:{self.column}" if self.line else self.file.as_posix()


@dataclass(frozen=True, order=True)
class Fault:
    """One mistake of a person: where it is, what is wrong, and what to write instead."""

    origin: Origin
    message: str
    hint: str = ""

    def text(self) -> str:
        """The fault as it is printed: place, message, the line with a caret, the hint."""
        shown = [f"{self.origin}: {self.message}", *_excerpt(self.origin)]
        if self.hint:
            shown.append(f"    = {self.hint}")
        return "\n".join(shown)


_SHOWN = {"\t": "→", "\u3000": "\u3000"}


def _excerpt(origin: Origin) -> Sequence[str]:
    if not origin.line:
        return ()
    try:
        line = origin.file.read_text(encoding="utf-8-sig", errors="replace").splitlines()[origin.line - 1]
    except (OSError, IndexError):
        return ()
    start = max(0, origin.column - 80)
    line = "".join(char if char.isprintable() else _SHOWN.get(char, "\ufffd") for char in line[start : start + 120])
    # Wide characters take two columns in a terminal; a caret below the text must step as wide as the text does.
    before = "".join("\u3000" if ord(char) > 0x2E7F else " " for char in line[: origin.column - 1 - start])
    return (f"    | {line}", f"    | {before}^")


class FaultsError(Exception):
    """The description cannot be used; carries every fault that was found, in the order of the files."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(fault.text() for fault in self.faults))


def near(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest of the known words, or all of them when they are few; else nothing."""
    words = sorted(known)
    close = get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    if 0 < len(words) <= 12:
        return "there is " + ", ".join(f"`{one}`" for one in words)
    return ""

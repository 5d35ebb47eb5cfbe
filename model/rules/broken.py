"""A rule that does not hold, and the two ways in which most rules break."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from model.faults import near

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Broken:
    """The path of the item to blame, what is wrong, what to write."""

    path: Path
    message: str
    hint: str = ""


def unknown(what: str, known: Iterable[str], uses: Iterable[tuple[Path, str]]) -> Iterator[Broken]:
    """Names that are used and that nothing has."""
    names = set(known)
    for path, name in uses:
        if name not in names:
            yield Broken(path, f"there is no {what} `{name}`", near(name, names))


def twice(what: str, items: Iterable[tuple[Path, object]]) -> Iterator[Broken]:
    """Values that two items claim."""
    first: dict[object, Path] = {}
    for path, value in items:
        if value in first:
            yield Broken(path, f"the {what} {value} is taken by `{'.'.join(map(str, first[value]))}`")
        else:
            first[value] = path

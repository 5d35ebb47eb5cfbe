"""Panels of one moment: numbers, bars, tables, lines of logs, text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.acceptance.gallery.canvas import COLORS, FAINT, MUTED, Box, color_of, cut, shown, wide, worded


def _said(value: float, defaults: Mapping[str, Any]) -> tuple[str, str]:
    return worded(value, defaults) or (
        shown(value, defaults["unit"], defaults.get("decimals")),
        color_of(value, defaults),
    )


def stat(box: Box, panel: Mapping[str, Any], values: Sequence[tuple[str, float]]) -> None:
    """Numbers in their color, beside or below each other, as there is room."""
    defaults = panel["fieldConfig"]["defaults"]
    columns = max(1, min(len(values), round(math.sqrt(len(values) * box.width / max(box.height, 1)))))
    rows = math.ceil(len(values) / columns)
    width, height = box.width / columns, box.height / rows
    for number, (name, value) in enumerate(values):
        cell = Box(box.x + number % columns * width, box.y + number // columns * height, width, height, parts=box.parts)
        said, color = _said(value, defaults)
        size = max(12.0, min(40.0, height * 0.4, cell.width * 0.85 / max(wide(said), 1)))
        middle = cell.x + cell.width / 2
        cell.text(middle, cell.y + height / 2 - size * 0.25, name, min(14, max(10, height * 0.16)), MUTED, "middle")
        cell.text(middle, cell.y + height / 2 + size * 0.75, said, size, color, "middle")


def bars(box: Box, panel: Mapping[str, Any], values: Sequence[tuple[str, float]]) -> None:
    """A bar for each value, against the panel's maximum."""
    defaults = panel["fieldConfig"]["defaults"]
    low, high = defaults.get("min", 0), defaults.get("max") or max((value for _, value in values), default=1) or 1
    height = min(box.height / max(len(values), 1), 54)
    for number, (name, value) in enumerate(values):
        y = box.y + number * height
        said, color = _said(value, defaults)
        box.text(box.x + 8, y + 14, name, 11, MUTED)
        room = box.width - 100
        box.rectangle(box.x + 8, y + 20, room, height - 26, FAINT)
        box.rectangle(box.x + 8, y + 20, room * min(max((value - low) / (high - low), 0), 1), height - 26, color)
        box.text(box.x + box.width - 8, y + 20 + (height - 26) / 2 + 5, said, 13, color, "end")


def table(box: Box, panel: Mapping[str, Any], rows: Sequence[Mapping[str, str]]) -> None:
    """The columns that the panel keeps, under their headings."""
    (organize,) = (one["options"] for one in panel["transformations"] if one["id"] == "organize")
    columns = sorted(organize["includeByName"], key=lambda name: organize["indexByName"][name])
    width = (box.width - 16) / len(columns)
    lines: list[Mapping[str, str]] = [{name: organize["renameByName"].get(name, name) for name in columns}, *rows]
    for number, row in enumerate(lines[: int(box.height / 22)]):
        y = box.y + 14 + number * 22
        for index, name in enumerate(columns):
            cell = Box(box.x + 8 + index * width, y, width - 8, 22, parts=box.parts)
            cell.text(cell.x, y, row.get(name, ""), 12, COLORS["blue"] if number == 0 else COLORS["text"])
        box.line([(box.x + 8, y + 6), (box.x + box.width - 8, y + 6)], FAINT)


def logs(box: Box, lines: Sequence[tuple[float, str, str]], zone: str) -> None:
    """Times, levels and lines, the newest first; long ones are cut off where Grafana would wrap them."""
    tint = {"ERROR": "red", "FATAL": "red", "WARN": "orange", "INFO": "green"}
    for number, (at, level, line) in enumerate(sorted(lines, reverse=True)[: int(box.height / 17)]):
        y = box.y + 13 + number * 17
        box.rectangle(box.x + 8, y - 10, 3, 13, COLORS.get(tint.get(level, ""), MUTED))
        when = datetime.fromtimestamp(at / 1e9, tz=ZoneInfo(zone)).strftime("%m-%d %H:%M:%S")
        box.text(box.x + 16, y, when, 11, MUTED)
        box.text(box.x + 110, y, line.strip(), 11)


def text(box: Box, content: str) -> None:
    """A text, in lines."""
    y = box.y + 16
    while content and y < box.y + box.height:
        line = cut(content, box.width - 20, 13).removesuffix("…") if wide(content) * 13 > box.width - 20 else content
        box.text(box.x + 8, y, line, 13)
        content, y = content[len(line) :].lstrip(), y + 19

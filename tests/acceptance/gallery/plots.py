"""Panels over time: lines, states, and a heatmap."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.acceptance.gallery.canvas import COLORS, FAINT, MUTED, PALETTE, Box, shown, wide, worded


@dataclass(frozen=True)
class Line:
    """A series: its name in the legend, and points of time and value."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Window:
    """The time that a dashboard shows, in Unix seconds, and the zone of its clock."""

    begin: float
    end: float
    zone: str

    def share(self, at: float) -> float:
        """Where a moment lies, from 0 to 1."""
        return min(max((at - self.begin) / (self.end - self.begin), 0.0), 1.0)


def _scale(panel: Mapping[str, Any], lines: Sequence[Line]) -> tuple[float, float]:
    defaults = panel["fieldConfig"]["defaults"]
    values = [value for line in lines for _, value in line.points if math.isfinite(value)] or [0.0]
    low, high = min(0.0, *values), max(values)
    low, high = defaults.get("min", low), defaults.get("max", high)
    return low, high if high > low else low + 1


def _ticks(box: Box, low: float, high: float, defaults: Mapping[str, Any]) -> None:
    for number in range(5):
        value = low + (high - low) * number / 4
        y = box.y + box.height * (1 - number / 4)
        box.line([(box.x, y), (box.x + box.width, y)], FAINT)
        # Left of the lines, where the box has no room of its own.
        said = shown(value, defaults.get("unit", "short"), None)
        Box(box.x - 60, y, 56, 10, parts=box.parts).text(box.x - 6, y + 4, said, 10, MUTED, "end")


def _times(box: Box, window: Window) -> None:
    for number in range(4):
        at = window.begin + (window.end - window.begin) * (number + 0.5) / 4
        said = datetime.fromtimestamp(at, tz=ZoneInfo(window.zone)).strftime("%H:%M")
        x = box.x + box.width * (number + 0.5) / 4
        Box(x - 30, box.y, 60, 10, parts=box.parts).text(x, box.y + box.height + 14, said, 10, MUTED, "middle")


def _legend(box: Box, lines: Sequence[Line]) -> None:
    x, y = box.x, box.y
    for number, line in enumerate(lines):
        length = 24 + wide(line.name) * 11
        if x > box.x and x + length > box.x + box.width:
            x, y = box.x, y + 15
        if y > box.y + box.height - 10:
            return  # Grafana scrolls here
        box.rectangle(x, y - 5, 11, 3, PALETTE[number % len(PALETTE)])
        box.text(x + 15, y, line.name, 11)
        x += length


def timeseries(box: Box, panel: Mapping[str, Any], lines: Sequence[Line], window: Window) -> None:
    """Lines, stacked where the panel says so, with the thresholds as dashed ones."""
    defaults = panel["fieldConfig"]["defaults"]
    stacked = defaults["custom"].get("stacking", {}).get("mode") == "normal"
    drawn = _stacked(lines) if stacked else list(lines)
    low, high = _scale(panel, drawn)
    legend = 34 if sum(wide(line.name) * 11 + 24 for line in lines) > box.width else 18
    plot = box.inner(62, 6, 8, 20 + legend)
    _ticks(plot, low, high, defaults)
    _times(plot, window)

    def place(at: float, value: float) -> tuple[float, float]:
        x = plot.x + plot.width * window.share(at)
        return x, plot.y + plot.height * (1 - (min(max(value, low), high) - low) / (high - low))

    for number, line in reversed(list(enumerate(drawn))):
        points = [place(at, value) for at, value in line.points]
        color = PALETTE[number % len(PALETTE)]
        floor = plot.y + plot.height
        plot.line([(points[0][0], floor), *points, (points[-1][0], floor)], color, fill=True) if stacked else None
        if len(points) == 1:
            plot.rectangle(points[0][0] - 1.5, points[0][1] - 1.5, 3, 3, color)
        else:
            plot.line(points, color)
    lines_on = defaults["custom"]["thresholdsStyle"]["mode"] == "line"
    for step in defaults["thresholds"]["steps"] if lines_on else ():
        if step["value"] is not None and low <= step["value"] <= high:
            y = place(window.begin, step["value"])[1]
            plot.line([(plot.x, y), (plot.x + plot.width, y)], COLORS.get(step["color"], MUTED), dashed=True)
    _legend(box.inner(8, box.height - legend + 4, 8, 0), lines)


def _stacked(lines: Sequence[Line]) -> list[Line]:
    """Each line on top of those before; one without a point counts as nothing there."""
    times = sorted({at for line in lines for at, _ in line.points})
    total = dict.fromkeys(times, 0.0)
    found = []
    for line in lines:
        total |= {at: total[at] + value for at, value in line.points}
        found.append(Line(line.name, list(total.items())))
    return found


def states(box: Box, panel: Mapping[str, Any], lines: Sequence[Line], window: Window) -> None:
    """A bar for each series, in the color of its state."""
    defaults = panel["fieldConfig"]["defaults"]
    plot = box.inner(min(110, box.width / 3), 4, 8, 22)
    height = plot.height / max(len(lines), 1)
    for number, line in enumerate(lines):
        y = plot.y + number * height
        name = Box(box.x + 6, y, plot.x - box.x - 12, height, parts=box.parts)
        name.text(plot.x - 6, y + height / 2 + 4, line.name, 11, anchor="end")
        for (at, value), (until, _) in zip(line.points, [*line.points[1:], (window.end, 0.0)], strict=True):
            color = (worded(value, defaults) or ("", MUTED))[1]
            x = plot.x + plot.width * window.share(at)
            width = plot.width * (window.share(until) - window.share(at))
            plot.rectangle(x, y + height * 0.1, width + 0.2, height * 0.8, color)
        said = worded(line.points[-1][1], defaults)
        if said:
            plot.text(plot.x + plot.width - 6, y + height / 2 + 4, said[0], 11, "#ffffff", "end")
    _times(plot, window)


def heatmap(box: Box, panel: Mapping[str, Any], lines: Sequence[Line], window: Window) -> None:
    """A row for each bucket, darker where there is more. Buckets of Prometheus hold all that is below them."""
    ordered = sorted(lines, key=lambda line: float(line.name.replace("+Inf", "inf")))
    plot = box.inner(62, 6, 8, 22)
    below: dict[float, float] = {}
    rows = []
    for line in ordered:
        rows.append({at: max(value - below.get(at, 0.0), 0.0) for at, value in line.points})
        below = dict(line.points)
    most = max((value for row in rows for value in row.values()), default=0.0) or 1.0
    height = plot.height / max(len(rows), 1)
    unit = panel["options"]["yAxis"].get("unit", "short")
    for number, (line, row) in enumerate(zip(ordered, rows, strict=True)):
        y = plot.y + plot.height - (number + 1) * height
        said = "+Inf" if line.name == "+Inf" else shown(float(line.name), unit, None)
        Box(box.x, y, 56, height, parts=box.parts).text(plot.x - 6, y + height / 2 + 4, said, 10, MUTED, "end")
        step = plot.width / max(len(row), 1) if len(row) < 2 else plot.width * 15 / (window.end - window.begin)
        for at, value in row.items():
            if value > most / 1000:
                x = plot.x + plot.width * window.share(at - 15)
                opacity = f"{0.15 + 0.85 * (value / most) ** 0.5:.2f}"
                plot.rectangle(x, y + 0.5, step, height - 1, COLORS["orange"], fill_opacity=opacity)
    _times(plot, window)

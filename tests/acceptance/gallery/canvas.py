"""What is drawn on: SVG, in a box of its own for each panel; and how a value is written in its unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from xml.sax.saxutils import escape, quoteattr

COLORS = {"green": "#56a64b", "orange": "#ff780a", "red": "#e02f44", "text": "#24292e", "blue": "#3274d9"}
PALETTE = ("#56a64b", "#f2cc0c", "#3274d9", "#ff780a", "#e02f44", "#8f3bb8", "#37872d", "#5794f2", "#ffa6b0", "#806eb7")
FAINT, MUTED = "#e4e7eb", "#6b7280"


@dataclass
class Box:
    """A part of the picture, in pixels; everything is drawn in coordinates of the whole."""

    x: float
    y: float
    width: float
    height: float
    parts: list[str] = field(default_factory=list)

    def inner(self, left: float, top: float, right: float, bottom: float) -> Box:
        """A box within it that draws into the same picture."""
        return Box(self.x + left, self.y + top, self.width - left - right, self.height - top - bottom, parts=self.parts)

    def text(
        self, x: float, y: float, said: str, size: float = 12, color: str = "#24292e", anchor: str = "start"
    ) -> None:
        """A line of text; what does not fit into the box is cut off."""
        room = {"start": self.x + self.width - x, "end": x - self.x, "middle": self.width}[anchor]
        shown = cut(said, room, size)
        where = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{color}" text-anchor="{anchor}"'
        self.parts.append(f"<text {where}>{escape(shown)}</text>")

    def rectangle(self, x: float, y: float, width: float, height: float, color: str, **more: str) -> None:
        """A filled rectangle."""
        others = "".join(f" {name.replace('_', '-')}={quoteattr(value)}" for name, value in more.items())
        size = f'width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"'
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{color}"{others}/>')

    def line(
        self, points: Sequence[tuple[float, float]], color: str, *, dashed: bool = False, fill: bool = False
    ) -> None:
        """A line through points; filled, the area that they enclose."""
        path = "M" + " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        how = f'fill="{color}" fill-opacity="0.25"' if fill else f'fill="none" stroke="{color}" stroke-width="1.3"'
        dashes = ' stroke-dasharray="5 3"' if dashed else ""
        self.parts.append(f'<path d="{path}" {how}{dashes}/>')


def wide(said: str) -> float:
    """Widths of letters: those of Japanese are twice those of others."""
    return sum(1.0 if ord(letter) > 0x2E80 else 0.56 for letter in said)


def cut(said: str, room: float, size: float) -> str:
    """As much of a text as fits."""
    if wide(said) * size <= room:
        return said
    while said and wide(said + "…") * size > room:
        said = said[:-1]
    return said + "…"


def shown(value: float, unit: str, decimals: int | None) -> str:
    """A value as Grafana would write it, near enough."""
    if unit == "s":
        return _span(value)
    if unit in {"bytes", "Bps"}:
        return _scaled(value, 1024, ("B", "KiB", "MiB", "GiB", "TiB")) + ("/s" if unit == "Bps" else "")
    after = {"percent": " %", "reqps": " req/s", "cps": " c/s", "ops": " ops/s"}.get(unit, "")
    if decimals is not None:
        return f"{value:.{decimals}f}{after}"
    return (f"{value:.3g}" if abs(value) < 1000 else _scaled(value, 1000, ("", " K", " Mil", " Bil"))) + after


def _scaled(value: float, step: int, units: Sequence[str]) -> str:
    for unit in units:
        if abs(value) < step or unit == units[-1]:
            return f"{value:.3g} {unit}".replace("  ", " ").rstrip() if step == 1024 else f"{value:.3g}{unit}"
        value /= step
    raise AssertionError("a scale has units")


def _span(seconds: float) -> str:
    for unit, length in (("days", 86_400.0), ("hours", 3600.0), ("min", 60.0)):
        if abs(seconds) >= length:
            return f"{seconds / timedelta(seconds=length).total_seconds():.3g} {unit}"
    return f"{seconds * 1000:.3g} ms" if abs(seconds) < 1 else f"{seconds:.3g} s"


def color_of(value: float, defaults: Mapping[str, Any]) -> str:
    """The color that the thresholds give a value."""
    found = "text"
    for step in defaults.get("thresholds", {}).get("steps", ()):
        if step["value"] is None or value >= step["value"]:
            found = step["color"]
    return COLORS.get(found, COLORS["text"])


def worded(value: float, defaults: Mapping[str, Any]) -> tuple[str, str] | None:
    """The words and the color that stand for a value, where there are some."""
    for mapping in defaults.get("mappings", ()):
        option = mapping["options"].get(f"{value:g}")
        if option:
            return option["text"], COLORS.get(option["color"], COLORS["text"])
    return None

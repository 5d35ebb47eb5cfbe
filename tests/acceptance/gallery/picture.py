"""A dashboard as one picture: its panels where the JSON puts them, filled with what the servers answered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from tests.acceptance.gallery import plots, tiles
from tests.acceptance.gallery.canvas import FAINT, MUTED, Box
from tests.acceptance.gallery.plots import Line, Window

CELL, ROW, GAP, HEAD = 60, 38, 4, 84  # pixels: a column and a line of Grafana's grid, between panels, above them
WIDTH = CELL * 24
FONTS = "'Noto Sans', 'Noto Sans CJK JP', 'IPAGothic', sans-serif"
SERIES = Sequence[tuple[Mapping[str, str], Sequence[tuple[float, str]]]]


def draw(board: Mapping[str, Any], answers: Mapping[tuple[int, str], SERIES], window: Window, note: str) -> str:
    """The picture as SVG. `answers`: what each query got, by the panel's id and the query's letter."""
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"])
    whole = Box(0, 0, WIDTH, HEAD + rows * ROW + 8)
    whole.rectangle(0, 0, whole.width, whole.height, "#f4f5f5")
    whole.text(12, 28, board["title"], 20)
    whole.text(12, 48, note, 12, MUTED)
    x = 12.0
    for variable in board["templating"]["list"]:
        said = f"{variable['label']}: {'All' if variable['type'] == 'query' else ''}"
        whole.rectangle(x, 58, 120, 20, "#ffffff", stroke=FAINT)
        whole.inner(x, 0, WIDTH - x - 118, 0).text(x + 6, 72, said, 11)
        x += 128
    for panel in board["panels"]:
        place = panel["gridPos"]
        box = whole.inner(place["x"] * CELL + GAP, HEAD + place["y"] * ROW + GAP, 0, 0)
        box.width, box.height = place["w"] * CELL - 2 * GAP, place["h"] * ROW - 2 * GAP
        _panel(
            box, panel, [(target, answers[panel["id"], target["refId"]]) for target in panel.get("targets", ())], window
        )
    size = f'width="{WIDTH}" height="{whole.height:.0f}" viewBox="0 0 {WIDTH} {whole.height:.0f}"'
    title = f"<title>{escape(board['title'])}</title>"
    lines = "\n".join([title, *whole.parts])
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONTS}">\n{lines}\n</svg>\n'


def _panel(box: Box, panel: Mapping[str, Any], asked: Sequence[tuple[Any, SERIES]], window: Window) -> None:
    if panel["type"] == "row":
        box.text(box.x + 4, box.y + 20, f"▾ {panel['title']}", 14)
        return
    box.rectangle(box.x, box.y, box.width, box.height, "#ffffff", stroke=FAINT, rx="2")
    box.text(box.x + 8, box.y + 19, panel["title"], 13)
    content = box.inner(0, 28, 0, 4)
    if panel["type"] == "text":
        tiles.text(content, panel["options"]["content"])
    elif not any(series for _, series in asked):
        said = panel["fieldConfig"]["defaults"].get("noValue", "No data")
        content.text(box.x + box.width / 2, box.y + box.height / 2 + 6, said, 14, MUTED, "middle")
    else:
        _filled(content, panel, asked, window)


def _filled(box: Box, panel: Mapping[str, Any], asked: Sequence[tuple[Any, SERIES]], window: Window) -> None:
    every = [(target, labels, points) for target, series in asked for labels, points in series]
    if panel["type"] == "logs":
        lines = [(at, labels.get("level", ""), line) for _, labels, points in every for at, line in points]
        tiles.logs(box, lines, window.zone)
    elif panel["type"] == "table":
        tiles.table(box, panel, [labels for _, labels, _ in every])
    elif panel["type"] in {"stat", "bargauge"}:
        values = [(legend(target, labels), float(points[-1][1])) for target, labels, points in every]
        {"stat": tiles.stat, "bargauge": tiles.bars}[panel["type"]](box, panel, sorted(values))
    else:
        found = [
            Line(legend(target, labels), [(at, float(value)) for at, value in points])
            for target, labels, points in every
        ]
        kinds = {"timeseries": plots.timeseries, "state-timeline": plots.states, "heatmap": plots.heatmap}
        kinds[panel["type"]](box, panel, found, window)


def legend(target: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """The name of a series, as the query says; without one, its labels."""
    form = target.get("legendFormat", "")
    if not form:
        return ", ".join(f"{name}={value}" for name, value in sorted(labels.items()) if name != "__name__")
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda match: labels.get(match[1], ""), form)

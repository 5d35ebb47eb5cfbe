"""Writes the pictures of an environment into `docs/gallery/`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from tests.acceptance.gallery.picture import draw
from tests.acceptance.gallery.plots import Window
from tests.acceptance.panels import SPAN, Answer, Question, now
from tests.acceptance.stack import Stack
from tests.conftest import ROOT

FOLDER = ROOT / "docs" / "gallery"
NOTE = (
    "Drawn by Flatnet Ops, not by Grafana: from the rendered dashboard JSON and the answers of the Prometheus and Loki"
    " of an acceptance run, {at:%Y-%m-%d %H:%M} UTC"
)


def record(stack: Stack, answers: Mapping[Question, Answer]) -> None:
    """Draw every dashboard, with all variables at All, over the minutes that the run has lasted."""
    at = now()
    found = {(one.board, one.number, one.target["refId"]): answer for one, answer in answers.items() if not one.chosen}
    times = [t for answer in found.values() for _, points in answer.series for t, _ in points if at - SPAN < t < at]
    window_begin = min(times) - 15
    folder = ROOT / "rendered" / stack.deployment.name / stack.name / "wsl/etc/grafana/dashboards"
    (FOLDER / stack.deployment.name).mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.glob("*.json")):
        board = json.loads(path.read_text(encoding="utf-8"))
        window = Window(window_begin, at, board["timezone"])
        of_board = {(number, ref): answer.series for (name, number, ref), answer in found.items() if name == path.stem}
        text = draw(board, of_board, window, NOTE.format(at=datetime.fromtimestamp(at, tz=UTC)))
        (FOLDER / stack.deployment.name / f"{path.stem}.svg").write_text(text, encoding="utf-8")

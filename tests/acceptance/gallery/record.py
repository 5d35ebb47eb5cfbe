"""The pictures of an environment's dashboards, and where they lie: `docs/gallery/`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from tests.acceptance.gallery.picture import draw
from tests.acceptance.gallery.plots import Window
from tests.acceptance.panels import SPAN, Question, ask, now
from tests.acceptance.stack import Stack
from tests.conftest import ROOT

FOLDER = ROOT / "docs" / "gallery"
NOTE = (
    "Drawn by Flatnet Ops, not by Grafana: from the rendered dashboard JSON and the answers of the Prometheus and Loki"
    " of an acceptance run, {at:%Y-%m-%d %H:%M} UTC"
)


def pictures(stack: Stack, questions: Iterable[Question]) -> Iterator[tuple[str, str]]:
    """Every dashboard by name, as SVG: with all variables at All, over the minutes that the run has lasted."""
    at = now()
    asked_now = [one for one in questions if one.chosen is None]
    answers = zip(asked_now, ask(stack, [one.url(at) for one in asked_now]), strict=True)
    found = {(one.board, one.number, one.target["refId"]): answer.series for one, answer in answers}
    times = [moment for series in found.values() for _, points in series for moment, _ in points]
    begin = min(moment for moment in times if at - SPAN < moment < at) - 15  # lines of logs have another unit
    note = NOTE.format(at=datetime.fromtimestamp(at, tz=UTC))
    folder = ROOT / "rendered" / stack.deployment.name / stack.name / "wsl/etc/grafana/dashboards"
    for path in sorted(folder.glob("*.json")):
        board = json.loads(path.read_text(encoding="utf-8"))
        asked = {(number, letter): series for (name, number, letter), series in found.items() if name == path.stem}
        yield path.stem, draw(board, asked, Window(begin, at, board["timezone"]), note)


def record(environment: str, name: str, picture: str) -> None:
    """Put a picture in its place."""
    (FOLDER / environment).mkdir(parents=True, exist_ok=True)
    (FOLDER / environment / f"{name}.svg").write_text(picture, encoding="utf-8")

"""The dashboards of an environment as Grafana asks them: each query, with each value of each variable."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from generators.grafana.dashboards import BOARDS
from generators.grafana.panel import LOKI, Panel, Query
from tests.acceptance.stack import Stack
from tests.conftest import ROOT

SERVERS = {"prometheus": "http://127.0.0.1:9090/api/v1", "loki": "http://127.0.0.1:3100/loki/api/v1"}
BUILT_IN = {"__rate_interval": "1m", "__auto": "5m"}
SPAN = 1800  # seconds that a panel shows here


@dataclass(frozen=True)
class Question:
    """A query with the values of its variables filled in. `chosen`: the variable that is not at All, and its value."""

    board: str
    number: int  # the panel's id
    panel: Panel
    target: Mapping[str, Any] = field(compare=False)  # as rendered
    query: Query  # as in the model
    expr: str
    chosen: tuple[str, str] | None

    @property
    def instant(self) -> bool:
        """Whether a panel asks for one moment."""
        return bool(self.target.get("instant"))

    def url(self, moment: float) -> str:
        """What Grafana asks its server."""
        source = self.target["datasource"]["type"]
        if self.instant:
            return f"{SERVERS[source]}/query?{urlencode({'query': self.expr, 'time': f'{moment:.3f}'})}"
        more = {"step": "60", "limit": "50"} if source == LOKI else {"step": "15"}
        span = {"start": f"{moment - SPAN:.3f}", "end": f"{moment:.3f}", **more}
        return f"{SERVERS[source]}/query_range?{urlencode({'query': self.expr, **span})}"

    def __str__(self) -> str:
        chosen = f" with ${self.chosen[0]}={self.chosen[1]}" if self.chosen else ""
        return f"{self.board}, {self.panel.title.en}{chosen}: {self.expr}"


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    seconds: float
    status: int
    body: str

    @property
    def series(self) -> list[tuple[dict[str, str], list[tuple[float, str]]]]:
        """Every series or stream with a point: labels, and times with a value or a line. Grafana draws no NaN."""
        if self.status != 200:
            return []
        found = []
        for one in json.loads(self.body)["data"]["result"]:
            given = one["values"] if "values" in one else [one["value"]]
            points = [(float(at), value) for at, value, *_ in given if value != "NaN"]
            if points:
                found.append((one.get("metric", one.get("stream")), points))
        return found

    @property
    def values(self) -> list[float]:
        """Every number of it."""
        return [float(value) for _, points in self.series for _, value in points]


def now() -> float:
    """The moment at which panels look."""
    return time.time()


def ask(stack: Stack, urls: Iterable[str]) -> list[Answer]:
    """Ask from where Grafana runs."""
    words = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "tests.acceptance.asker"]
    answers = json.loads(stack.host.run(words, text=json.dumps(list(urls)), timeout=300).stdout)
    return [Answer(*answer) for answer in answers]


def questions(stack: Stack) -> Iterator[Question]:
    """Every query of every dashboard: with all variables at All, and then with each value of each variable."""
    folder = ROOT / "rendered" / stack.deployment.name / stack.name / "wsl/etc/grafana/dashboards"
    for name, make in BOARDS.items():
        board, rendered = make(stack.deployment), json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        variables = rendered["templating"]["list"]
        values = {variable["name"]: choices(stack, variable) for variable in variables}
        every = {variable["name"]: variable.get("allValue", "") for variable in variables}
        for panel, drawn in zip(board.panels, rendered["panels"], strict=True):
            for query, target in zip(panel.queries, drawn.get("targets", []), strict=True):
                used = [variable for variable in values if re.search(rf"\${variable}\b", query.expr)]
                for chosen in (None, *((variable, value) for variable in used for value in values[variable])):
                    filled = {**BUILT_IN, **every, **dict([chosen] if chosen else [])}
                    expr = re.sub(r"\$([A-Za-z_]\w*)", lambda match, filled=filled: filled[match[1]], target["expr"])  # type: ignore[misc]
                    yield Question(name, drawn["id"], panel, target, query, expr, chosen)


def choices(stack: Stack, variable: Mapping[str, Any]) -> list[str]:
    """What Grafana offers for a variable."""
    if variable["type"] == "textbox":
        return []
    query = variable["query"]
    if variable["datasource"]["type"] == LOKI:
        where = {"query": query["stream"]} if query["stream"] else {}
        url = f"{SERVERS['loki']}/label/{query['label']}/values?{urlencode({**where, 'since': '1h'})}"
    else:
        series, label = re.fullmatch(r"label_values\((.+), (\w+)\)", query["query"]).groups()  # type: ignore[union-attr]
        url = f"{SERVERS['prometheus']}/label/{label}/values?{urlencode({'match[]': series})}"
    (answer,) = ask(stack, [url])
    assert answer.status == 200, answer.body
    found: list[str] = json.loads(answer.body)["data"]
    assert found, f"nothing to choose for ${variable['name']}"
    return found


def answered(stack: Stack, seconds: float) -> dict[Question, Answer]:
    """The answer to every question; what answers nothing is asked again for so long."""
    found: dict[Question, Answer] = {}
    end = time.monotonic() + seconds
    while True:
        asked = [question for question in questions(stack) if question not in found or not found[question].series]
        moment = now()
        found |= dict(zip(asked, ask(stack, [question.url(moment) for question in asked]), strict=True))
        if not list(unanswered(found)) or time.monotonic() > end:
            return found
        time.sleep(5)


def unanswered(answers: Mapping[Question, Answer]) -> Iterator[Question]:
    """What should have been answered with something.

    With every variable at All that is each query. With one variable at a value, a panel that has a query for each kind
    or level shows what fits: it is each panel.
    """
    shown = {(one.board, one.panel.title.en, one.chosen) for one, answer in answers.items() if answer.series}
    for one, answer in answers.items():
        if one.query.empty_is_good or answer.series:
            continue
        if one.chosen is None or (one.board, one.panel.title.en, one.chosen) not in shown:
            yield one


MISTAKEN = 10 * 365 * 86_400  # seconds: no span is longer, so it is a time that nothing was taken from


def out_of_range(panel: Panel, value: float) -> bool:
    """Whether a value cannot be what its unit says."""
    if panel.words:
        return value not in {word.value for word in panel.words}
    if panel.unit == "s":
        return not -1 <= value <= MISTAKEN
    below_zero = any(step <= 0 for step, _ in panel.steps)  # where the panel has a color for it
    if panel.unit in {"percent", "percentunit"}:
        whole = {"percent": 100, "percentunit": 1}[panel.unit]
        return not (below_zero or value >= -1e-9) or value > whole * (1 + 1e-9)
    return value < -1e-9 or (panel.decimals == 0 and value != int(value))

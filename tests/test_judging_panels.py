"""How the live run judges what panels are answered."""

from __future__ import annotations

import json

import pytest

from generators.grafana.panel import UP, Panel, Query, t
from tests.acceptance.panels import Answer, Question, out_of_range, unanswered


def panel(unit: str, **facts: object) -> Panel:
    return Panel("stat", t("one", "一"), t("a panel", "パネル"), unit=unit, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shown", "right", "wrong"),
    [
        (panel("percent"), [0, 99.9, 100], [-1, 100.1, 4200]),
        (panel("percentunit"), [0, 1], [-0.1, 1.1]),
        (panel("percent", steps=((0, "orange"),)), [-224, 100], [101]),  # what is left may be less than nothing
        (panel("s"), [0, -0.2, 90 * 86_400], [-3600, 1_795_000_000]),
        (panel("bytes"), [0, 1e12], [-1]),
        (panel("short", decimals=0), [0, 3], [2.5, -1]),
        (panel("none", words=UP), [0, 1], [2, 0.5]),
    ],
    ids=lambda value: value.unit if isinstance(value, Panel) else "",
)
def test_a_value_must_be_what_its_unit_says(shown: Panel, right: list[float], wrong: list[float]) -> None:
    assert [value for value in right if out_of_range(shown, value)] == []
    assert [value for value in wrong if not out_of_range(shown, value)] == []


def question(letter: str, *, empty_is_good: bool = False, chosen: tuple[str, str] | None = None) -> Question:
    query = Query(letter, empty_is_good=empty_is_good)
    return Question("board", 1, panel("short"), {"refId": letter}, query, letter, chosen)


def answer(*values: str) -> Answer:
    result = [{"metric": {}, "value": [1, value]} for value in values]
    return Answer(0.1, 200, json.dumps({"data": {"result": result}}))


def test_with_everything_shown_each_query_must_be_answered_and_not_by_nan() -> None:
    answers = {question("A"): answer("1"), question("B"): answer(), question("C"): answer("NaN")}
    answers[question("D", empty_is_good=True)] = answer()
    assert [one.expr for one in unanswered(answers)] == ["B", "C"]


def test_with_one_value_chosen_each_panel_must_show_something() -> None:
    cni, system = ("kind", "cni"), ("kind", "system")
    answers = {question("A", chosen=cni): answer("1"), question("B", chosen=cni): answer()}
    answers |= {question("A", chosen=system): answer(), question("B", chosen=system): answer()}
    assert [(one.expr, one.chosen) for one in unanswered(answers)] == [("A", system), ("B", system)]


def test_an_error_is_no_answer() -> None:
    assert Answer(0.1, 400, "parse error").series == []

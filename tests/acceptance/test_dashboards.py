"""Every panel of every dashboard is answered by the running stack, with each value of each of its variables."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

import pytest

from generators.grafana.dashboards import BOARDS
from tests.acceptance import panels
from tests.acceptance.gallery import record as gallery
from tests.acceptance.panels import Answer, Question
from tests.acceptance.stack import Stack

pytestmark = pytest.mark.acceptance

Answers = Mapping[Question, Answer]


@pytest.fixture(scope="session")
def answers(stack: Stack) -> Answers:
    """What the servers answer; windows of days are measured every two minutes."""
    return panels.answered(stack, 240)


def test_each_dashboard_is_asked_with_each_value_of_each_variable(stack: Stack, answers: Answers) -> None:
    chosen = {(question.board, question.chosen[0]) for question in answers if question.chosen}
    boards = {name: make(stack.deployment) for name, make in BOARDS.items()}
    assert chosen == {
        (name, variable.name) for name, board in boards.items() for variable in board.variables if variable.label
    }
    hosts = {question.chosen[1] for question in answers if question.chosen and question.chosen[0] == "host"}
    assert hosts == set(stack.deployment.environment.hosts)
    assert {question.board for question in answers} == set(BOARDS)


def test_no_query_fails(answers: Answers) -> None:
    assert [f"{question}\n{answer.body}" for question, answer in answers.items() if answer.status != 200] == []


def test_no_query_is_empty_that_should_not_be(answers: Answers) -> None:
    assert [str(question) for question in panels.unanswered(answers)] == []


def test_each_answer_comes_within_a_second(stack: Stack, answers: Answers) -> None:
    """A slow one is asked once more: the machine that runs the test does other things too."""
    slow = [question for question, answer in answers.items() if answer.seconds > 1]
    again = panels.ask(stack, [question.url(panels.now()) for question in slow])
    assert [str(question) for question, answer in zip(slow, again, strict=True) if answer.seconds > 1] == []


def test_values_are_what_their_unit_says(answers: Answers) -> None:
    wrong = []
    for question, answer in answers.items():
        if question.panel.kind != "logs":
            odd = [value for value in answer.values if panels.out_of_range(question.panel, value)]
            wrong += [f"{question}: {odd[0]} as {question.panel.unit}"] if odd else []
    assert wrong == []


def test_every_dashboard_can_be_drawn(stack: Stack, answers: Answers, request: pytest.FixtureRequest) -> None:
    """And is, into the gallery, by `make gallery`, once there is an alert to show."""
    if request.config.getoption("--record"):
        firing = 'ALERTS{alertname="CniDown", alertstate="firing"}'
        stack.host.wait("an alert", lambda: bool(stack.query(firing)), 300)
    drawn = dict(gallery.pictures(stack, answers))
    assert drawn.keys() == BOARDS.keys()
    for name, picture in drawn.items():
        assert ET.fromstring(picture).tag.endswith("svg")  # noqa: S314 - of our own
        if request.config.getoption("--record"):
            gallery.record(stack.deployment.name, name, picture)

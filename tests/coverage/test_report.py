"""What is told of rules that their tests hold, and of those that they do not."""

from __future__ import annotations

import pytest

from tests.coverage import report
from tests.coverage.parts import parts
from tests.coverage.report import RULE, Judged, Noticed, coverage

# Four ways to break it: never met, with 45, with 55, without waiting.
RULE_OF = {"alert": "A", "expr": "a > 50", "for": "5m"}
FIRES, SILENT = 0, 1
JUDGED = Judged("A", RULE_OF, parts(RULE_OF), (True, False))
HELD: Noticed = {RULE: set(), 0: {FIRES}, 1: {SILENT}, 2: {FIRES}, 3: {SILENT}}


def test_a_rule_whose_tests_notice_everything_is_held() -> None:
    found = coverage("here", [(JUDGED, HELD)])
    assert found.gaps == ()
    assert found.summary == "here: rules 1/1, branches 0/0, thresholds 2/2"


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0, "`the whole rule`: it is never met, and no test fails. Write one in which it fires."),
        (1, "`a > 50`: with 45, and no test fails. Write one that is silent just before it."),
        (2, "`a > 50`: with 55, and no test fails. Write one that fires just beyond it."),
        (3, "`for: 5m`: without it, and no test fails. Write one that is silent because the condition has not lasted."),
    ],
)
def test_what_is_broken_unnoticed_is_told_with_the_test_that_is_missing(number: int, told: str) -> None:
    found = coverage("here", [(JUDGED, {**HELD, number: set()})])
    assert found.gaps == (f"alerts/A.yaml, {told}",)


def test_a_silent_test_counts_only_if_it_could_fail() -> None:
    by_firing_tests = {number: {FIRES} for number in HELD if number != RULE}
    (gap,) = coverage("here", [(JUDGED, {RULE: set(), **by_firing_tests})]).gaps
    assert "Write one in which it is silent though it nearly fires." in gap


def test_a_rule_that_fails_its_own_tests_is_told() -> None:
    assert coverage("here", [(JUDGED, {**HELD, RULE: {FIRES}})]).gaps == ("alerts/A.yaml: its own tests fail.",)


def test_an_exception_is_counted_while_it_is_needed_and_told_when_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "EXCEPTIONS", {("A", "for: 5m"): "a reason"})
    needed = coverage("here", [(JUDGED, {**HELD, 3: set()})])
    assert needed.gaps == ()
    assert needed.summary == "here: rules 1/1, branches 0/0, thresholds 1/2 (1 excepted)"
    (gap,) = coverage("here", [(JUDGED, HELD)]).gaps
    assert gap == "alerts/A.yaml, `for: 5m`: its tests hold it. Take it out of EXCEPTIONS."


def test_a_rule_that_need_not_be_silent_must_fire(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "EXCEPTIONS", {("A", "the whole rule"): "it fires always"})
    always: Noticed = {number: tests & {FIRES} for number, tests in HELD.items()}
    assert [gap for gap in coverage("here", [(JUDGED, always)]).gaps if "whole rule" in gap] == []
    (gap,) = (gap for gap in coverage("here", [(JUDGED, {**always, 0: set()})]).gaps if "whole rule" in gap)
    assert "Write one in which it fires." in gap


def test_a_rule_that_is_disabled_is_counted_apart() -> None:
    assert coverage("here", [(Judged("A", RULE_OF, (), ()), {RULE: set()})]).summary.endswith(", 1 disabled")

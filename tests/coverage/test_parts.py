"""Which pieces a rule has, and what is left of it when one is broken."""

from __future__ import annotations

import pytest

from tests.coverage.parts import Part, parts


def broken(part: Part) -> list[str]:
    return [" ".join(one.rule["expr"].split()) for one in part.breaks]


def pieces(expression: str, *, logs: bool = False) -> dict[str, list[str]]:
    whole, *others = parts({"alert": "A", "expr": expression}, logs=logs)
    assert broken(whole) == ["(vector(0) > 1)"]
    return {part.text: broken(part) for part in others}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a and on (b) c", {"and a": ["c"], "and c": ["a"]}),
        ("a unless on (b) c", {"unless c": ["a"]}),
        ("a or b or c", {"or a": ["b or c"], "or b": ["a or c"], "or c": ["a or b"]}),
        ("x + (a or b)", {"or a": ["x + (b)"], "or b": ["x + (a)"]}),
        (
            "a or (b unless c)",
            {"unless c": ["a or (b)"], "or a": ["(b unless c)"], "or (b unless c)": ["a"]},
        ),
        ("sum by (x) (a and b)", {"and a": ["sum by (x) (b)"], "and b": ["sum by (x) (a)"]}),
    ],
)
def test_each_operand_of_a_set_operation_is_a_branch(expression: str, expected: dict[str, list[str]]) -> None:
    assert pieces(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a > 50", ["a > 45", "a > 55"]),
        ("a >= 3", ["a >= 2", "a >= 4"]),
        ("a < 0.5", ["a < 0.45", "a < 0.55"]),
        ("a < -5", ["a < -6", "a < -4"]),
        ("100 * a / b > 20", ["100 * a / b > 18", "100 * a / b > 22"]),
        ("a > 2 * b offset 1d", ["a > 1 * b offset 1d", "a > 3 * b offset 1d"]),
        ("a > 0", ["a"]),
        ("a == 1", ["a"]),
        ("a != 0", ["a"]),
        ("a > b", ["a"]),
        ("max((a > 20) * b)", ["max((a > 18) * b)", "max((a > 22) * b)"]),
    ],
)
def test_a_threshold_is_moved_both_ways_and_any_other_comparison_dropped(expression: str, expected: list[str]) -> None:
    ((_, found),) = pieces(expression).items()
    assert found == expected


def test_what_is_missing_follows_the_direction_of_a_comparison() -> None:
    for expression, looser in (("a > 50", 0), ("a < 50", 1)):
        _, threshold = parts({"alert": "A", "expr": expression})
        missing = [one.missing for one in threshold.breaks]
        assert missing[looser] == "one that is silent just before it"
        assert missing[1 - looser] == "one that fires just beyond it"


@pytest.mark.parametrize("expression", ["50 < a", "(a > bool 50)"])
def test_a_comparison_that_could_not_be_broken_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="no way is known to break this"):
        parts({"alert": "A", "expr": expression})


def test_waiting_time_is_left_out() -> None:
    _, wait = parts({"alert": "A", "expr": "a", "for": "5m", "keep_firing_for": "1h"})
    assert (wait.text, wait.breaks[0].rule) == ("for: 5m", {"alert": "A", "expr": "a", "keep_firing_for": "1h"})


def test_each_filter_of_lines_is_a_branch() -> None:
    found = pieces('count_over_time({a="b|=}"} |= "x" !~ `y` | json m="m" | m=~"z" | u != "" [5m])', logs=True)
    assert list(found) == ['|= "x"', "!~ `y`", '| m=~"z"', '| u != ""']
    assert found["!~ `y`"] == ['count_over_time({a="b|=}"} |= "x" | json m="m" | m=~"z" | u != "" [5m])']


def test_lines_of_logs_stay_as_they_are_written() -> None:
    one = '{kind="a", level=~"ERROR|FATAL"} |~ `^Failed \\[(x|y)\\]` | json message="m" [10m]'
    other = '{kind="b"} | user!="" [5m]'
    found = pieces(f"sum by (h) (count_over_time({one}) or count_over_time({other})) > 20", logs=True)
    assert found[f"or count_over_time({one})"] == [f"sum by (h) (count_over_time({other})) > 20"]
    whole = f"sum by (h) (count_over_time({one}) or count_over_time({other}))"
    assert found[f"{whole} > 20"] == [f"{whole} > 18", f"{whole} > 22"]

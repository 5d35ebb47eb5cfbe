"""Whatever we emit, every reader of YAML reads back as it was."""

from __future__ import annotations

import json
import subprocess

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.emit import to_json, to_yaml
from tests.conftest import Programs

# What a model or an alert can hold: any text but lone surrogates, which no file can hold.
TEXT = st.text(st.characters(codec="utf-8"))
TRICKY = st.sampled_from(
    [
        *("", "no", "on", "YES", "~", "null", "1", "0o7", "012", "1e3", "12:30:45", "2026-11-24", "=", "<<", "- a"),
        *("a: b", "#", " x", "x ", "\t", "a\n", "\na", "a\n\n", "a\n  b\n", "  a\nb", "%d", "@x", "`", "!x", "&x"),
        *("*x", "{a}", "日本語：テスト", "\u2028", "\x85", "\ufeff", "\x7f", "a\r\nb", "'", '"', "\\", "|", ">", "?"),
        *("0x1f", ".5", "-", "y", "N", "1_000", "+1", "0b1", ".inf", "NaN", "key:", ":x", "a:b", "x:1", "a #b"),
    ]
)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT | TRICKY
DATA = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT | TRICKY, inner, max_size=4), max_leaves=20
)


@given(DATA)
@settings(max_examples=500, deadline=None)
def test_pyyaml_reads_back_what_was_emitted(data: object) -> None:
    assert yaml.safe_load(to_yaml(data, "production")) == data  # type: ignore[arg-type]


@given(DATA)
def test_json_is_read_back(data: object) -> None:
    assert json.loads(to_json(data)) == data  # type: ignore[arg-type]


@given(st.lists(st.dictionaries(TEXT | TRICKY, TEXT | TRICKY, max_size=3), max_size=20))
@settings(max_examples=25, deadline=None)
def test_go_reads_back_what_was_emitted(program: Programs, data: list[dict[str, str]]) -> None:
    done = subprocess.run(
        [program("yamljson")], input=to_yaml(data, "x").encode(), capture_output=True, check=True, timeout=30
    )
    assert json.loads(done.stdout) == data


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"a": {"b": [1, "x", {"c": True, "d": None}]}}, "a:\n  b:\n    - 1\n    - x\n    - c: true\n      d: null\n"),
        ({"expr": "up == 0\n"}, "expr: |\n  up == 0\n"),
        ({"on": "off"}, '"on": "off"\n'),
        ({"text": "満杯 です"}, 'text: "満杯 です"\n'),
        ({"none": [], "nothing": {}}, "none: []\nnothing: {}\n"),
        ({"matchers": ['a="b"', "c"], "for": "5m"}, "matchers: ['a=\"b\"', c]\nfor: 5m\n"),
        ([[1, 2], [3]], "- - 1\n  - 2\n- - 3\n"),
    ],
)
def test_one_style(data: object, text: str) -> None:
    assert to_yaml(data, "x").split("\n", 1)[1] == text  # type: ignore[arg-type]

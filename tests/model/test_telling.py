"""Whatever is wrong with a value, a person reads our words: what is wrong there, and what to write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import ValidationError
from pydantic_core.core_schema import ErrorType

from cli.places import schema_at
from cli.reach import changed_tree
from model.environment import Environment
from model.layers import Layered, read_environment
from model.telling import OURS, fault_of
from tests.conftest import ROOT

PYDANTICS = set(get_args(ErrorType))
ITS_WORDS = re.compile(r"[Ii]nput|should|valid |validation|[Pp]ydantic|instance|parse|dictionary|tuple|regex|pattern")
WRONG: tuple[Any, ...] = (
    *(None, True, "", " ", "x y", "あ", "１", "80%", "a\nb", "x" * 300, -1, 0, 1.5, 10**30, float("inf"), float("nan")),
    *([], {}, [None], [1, 1], ["x", "x"], {"a": 1}, {"x y": {}}, [[]], {"": None}),
)


@pytest.fixture(scope="module")
def layered() -> Layered:
    return read_environment(ROOT / "environments", "multi-host")


def places(data: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every path of an environment, and of every key that it does not write."""
    if path:
        yield path
    if isinstance(data, dict):
        keys = {*data, *(schema_at(path) or {}).get("properties", {})} - {"<name>"}
        for key in sorted(keys):
            yield from places(data.get(key), (*path, key))


def errors(layered: Layered, path: tuple[str, ...], value: Any) -> Iterator[tuple[str, str]]:
    """Type and message of each error that a value brings at a place."""
    tree = changed_tree(layered, path, value).tree
    try:
        Environment.model_validate(tree.data())
    except ValidationError as error:
        for item in error.errors():
            yield item["type"], fault_of(Environment, tree, item).message


def test_no_error_speaks_in_the_words_of_pydantic(layered: Layered) -> None:
    seen = set()
    once = {(schema_at(path[:-1]) or {}).get("title", "") + path[-1]: path for path in places(layered.tree.data())}
    for path in once.values():
        for value in WRONG:
            for kind, message in errors(layered, path, value):
                seen.add(kind)
                assert kind in OURS or kind not in PYDANTICS, f"{path} = {value!r}: {kind}"
                said = message.split(": ", 1)[-1]  # what comes before is the person's own
                assert not ITS_WORDS.search(said), f"{path} = {value!r}: {message}"
    assert seen >= OURS, "an error that no value brings"

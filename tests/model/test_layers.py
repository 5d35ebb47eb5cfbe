"""Environments over environments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from model.faults import FaultsError
from model.layers import read_environment


def write(folder: Path, name: str, **data: Any) -> None:
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    (place / "all.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")


def merged(folder: Path, name: str) -> Any:
    return read_environment(folder, name).tree.data()


def test_mappings_merge_and_lists_replace(tmp_path: Path) -> None:
    write(tmp_path, "below", a={"x": 1, "y": [1, 2]}, b=1)
    write(tmp_path, "above", extends="below", a={"y": [3], "z": 4})
    assert merged(tmp_path, "above") == {"extends": "below", "a": {"x": 1, "y": [3], "z": 4}, "b": 1}


def test_null_removes_what_is_inherited(tmp_path: Path) -> None:
    write(tmp_path, "below", a={"x": 1, "y": 2})
    write(tmp_path, "above", extends="below", a={"x": None})
    assert merged(tmp_path, "above")["a"] == {"y": 2}


def test_hosts_are_never_inherited(tmp_path: Path) -> None:
    write(tmp_path, "below", hosts={"tokyo-1": {}}, language="ja")
    write(tmp_path, "above", extends="below")
    assert merged(tmp_path, "above") == {"extends": "below", "language": "ja"}


def test_a_value_remembers_what_it_overrode_through_several_layers(tmp_path: Path) -> None:
    write(tmp_path, "lowest", a=1)
    write(tmp_path, "middle", extends="lowest", a=2)
    write(tmp_path, "highest", extends="middle", a=3)
    node, exact = read_environment(tmp_path, "highest").tree.find(("a",))
    assert exact
    assert [(below.value, below.origin.file.parent.name) for below in node.overrode] == [(2, "middle"), (1, "lowest")]


def test_every_fault_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    place = tmp_path / "broken"
    place.mkdir()
    (place / "a.yaml").write_text("a: 1\na: 2\nb: 007\n", encoding="utf-8")
    (place / "b.yaml").write_text("c: [\n", encoding="utf-8")
    with pytest.raises(FaultsError) as error:
        read_environment(tmp_path, "broken")
    assert len(error.value.faults) == 3


TREE = st.recursive(
    st.integers(-(10**18), 10**18) | st.booleans() | st.sampled_from(["yes", "日本", "12:30", "2026-01-01"]),
    lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=12,
)
MAPPING = st.dictionaries(st.sampled_from("abcd"), TREE, max_size=4)


def by_the_book(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        both = {**below, **{k: by_the_book(below[k], v) if k in below else v for k, v in above.items()}}
        return {k: v for k, v in both.items() if v is not None}
    return above


@given(MAPPING, MAPPING)
@settings(max_examples=100, deadline=None)
def test_merging_is_what_the_page_says(tmp_path_factory: pytest.TempPathFactory, below: Any, above: Any) -> None:
    folder = tmp_path_factory.mktemp("layers")
    write(folder, "below", **below)
    write(folder, "above", extends="below", **above)
    assert merged(folder, "above") == {"extends": "below", **by_the_book(below, above)}

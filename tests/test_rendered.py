"""The committed tree is a fresh render, and each file of it has the form that its schema gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from cli import schema, tree
from cli.render import render_all
from generators.registry import GENERATORS
from model.deployment import Deployment
from tests.conftest import ROOT

RENDERED = ROOT / "rendered"
SCHEMAS = sorted((ROOT / "schemas").glob("*.schema.json"))
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def fresh() -> dict[str, bytes]:
    return render_all()


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_rendered_is_a_fresh_render_both_ways() -> None:
    changes = tree.compare(RENDERED, fresh())
    assert not changes, f"run `make render` and review the change: {changes}"


def test_a_second_render_is_the_same() -> None:
    assert render_all() == fresh()


def test_the_environment_schema_is_fresh() -> None:
    committed = (ROOT / "schemas" / "environment.schema.json").read_text(encoding="utf-8")
    assert committed == schema.environment_schema(), "run `make schema` and review the change"


def test_the_registry_is_alphabetical() -> None:
    assert list(GENERATORS) == sorted(GENERATORS)


def read(path: Path) -> list[Any]:
    text = path.read_text(encoding="utf-8")
    if path.suffix in {".json", ".conflist"}:
        return [json.loads(text)]
    return list(yaml.load_all(text, Loader=_Loader))


def judged_by(schema_file: Path) -> list[Path]:
    globs = json.loads(schema_file.read_text(encoding="utf-8")).get("x-files", [])
    return sorted(path for glob in globs for path in RENDERED.glob(f"*/{glob}"))


@pytest.mark.parametrize("schema_file", SCHEMAS, ids=lambda path: path.name)
def test_files_have_the_form_that_their_schema_gives(schema_file: Path) -> None:
    if schema_file.name == "environment.schema.json":
        files = sorted((ROOT / "environments").glob("*/*.yaml"))
    else:
        files = judged_by(schema_file)
    assert files, f"{schema_file.name} judges no file"
    validator = jsonschema.Draft202012Validator(json.loads(schema_file.read_text(encoding="utf-8")))
    faults = [
        f"{path.relative_to(ROOT)}: {error.json_path}: {error.message}"
        for path in files
        for document in read(path)
        for error in validator.iter_errors(document)
    ]
    assert faults == []


def objects(schema: Any, path: str = "$") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every part of a schema that describes a mapping, with its place."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield path, schema
        for key, value in schema.items():
            yield from objects(value, f"{path}.{key}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from objects(value, f"{path}[{index}]")


@pytest.mark.parametrize("schema_file", SCHEMAS, ids=lambda path: path.name)
def test_a_schema_takes_no_key_that_it_does_not_describe(schema_file: Path) -> None:
    found = list(objects(json.loads(schema_file.read_text(encoding="utf-8"))))
    assert found
    assert [path for path, part in found if part.get("additionalProperties", True) is True] == []


def test_every_json_and_yaml_file_has_a_schema() -> None:
    judged = {path for schema_file in SCHEMAS for path in judged_by(schema_file)}
    there = {path for path in RENDERED.rglob("*") if path.suffix in {".json", ".yaml", ".yml"}}
    assert sorted(str(path.relative_to(ROOT)) for path in there - judged) == []


def test_the_manifest_lists_every_file(deployment: Deployment) -> None:
    manifest = json.loads((RENDERED / deployment.name / "manifest.json").read_text(encoding="utf-8"))
    there = {
        path.relative_to(RENDERED / deployment.name).as_posix()
        for path in (RENDERED / deployment.name).rglob("*")
        if path.is_file()
    }
    assert set(manifest["files"]) == there - {"manifest.json"}

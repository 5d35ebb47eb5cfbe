"""`flatnet-ops schema`: the JSON Schema of an environment's files, for completion and hover text in an editor."""

from __future__ import annotations

import argparse
from typing import Any

from cli import project
from cli.errors import FINE
from generators.emit import to_json
from model.base import NAME_KEY
from model.environment import Environment

FILE = project.SCHEMAS / "environment.schema.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments: none."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """Write the schema. Returns the exit code."""
    del arguments
    project.require_checkout()
    FILE.write_text(environment_schema(), encoding="utf-8")
    print(f"wrote {FILE}")
    return FINE


def environment_schema() -> str:
    """The schema of one file of an environment: any of the keys, since others may stand in other files.

    For the same reason no key is required at any depth: what is missing may be inherited. `null` removes what is.
    """
    schema = _for_one_layer(Environment.model_json_schema(by_alias=True))
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A file of a Flatnet Ops environment"
    return to_json(schema)


def _for_one_layer(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_for_one_layer(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _for_one_layer(value) for key, value in schema.items() if key not in {"required", "title", "default"}}
    properties = kept.get("properties")
    if isinstance(properties, dict):
        properties.pop(NAME_KEY, None)
    if isinstance(kept.get("additionalProperties"), dict):  # items of a mapping by name can be removed
        kept["additionalProperties"] = {"anyOf": [kept["additionalProperties"], {"type": "null"}]}
    if "default" in schema and schema["default"] is not None:
        kept["default"] = schema["default"]
    return kept

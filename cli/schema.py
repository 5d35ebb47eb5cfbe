"""`flatnet-ops schema`: the JSON Schema of an environment's files, for completion and hover text in an editor."""

from __future__ import annotations

import argparse
from datetime import time
from ipaddress import IPv4Network
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from cli import project
from cli.errors import FINE
from generators.emit import to_json
from model.base import NAME_KEY
from model.environment import Environment
from model.values import DurationValue, SizeValue

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
    schema = _for_one_layer(Environment.model_json_schema(schema_generator=_Generator))
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A file of a Flatnet Ops environment"
    return to_json(schema)


class _Generator(GenerateJsonSchema):
    """Writes defaults as people write them."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, DurationValue | SizeValue | IPv4Network | time):
            return dft.strftime("%H:%M") if isinstance(dft, time) else str(dft)
        return super().encode_default(dft)


def _for_one_layer(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_for_one_layer(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _for_one_layer(value) for key, value in schema.items() if key not in {"required", "title", "default"}}
    properties = kept.get("properties")
    if isinstance(properties, dict):
        properties.pop(NAME_KEY, None)
    for items in (kept.get("patternProperties", {}), kept):  # items of a mapping by name can be removed
        for key, item in items.items():
            if items is not kept or (key == "additionalProperties" and isinstance(item, dict)):
                items[key] = {"anyOf": [item, {"type": "null"}]}
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    if "default" in schema and schema["default"] is not None:
        kept["default"] = schema["default"]
    return kept

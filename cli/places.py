"""Places of an environment: what the schema says may stand at a path, whether or not something is written there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from model.base import NAME_KEY
from model.environment import Environment

Path = tuple[str, ...]
Schema = dict[str, Any]


@cache
def _root() -> Schema:
    return Environment.model_json_schema()


def resolved(schema: Schema) -> Schema:
    """A schema without references, and without the null that stands for "not set"."""
    while "$ref" in schema or "anyOf" in schema:
        beside = {key: value for key, value in schema.items() if key not in {"$ref", "anyOf"}}
        if "$ref" in schema:
            schema = {**_root()["$defs"][schema["$ref"].rsplit("/", 1)[1]], **beside}
        else:
            schema = {**next(choice for choice in schema["anyOf"] if choice.get("type") != "null"), **beside}
    return schema


def schema_at(path: Path) -> Schema | None:
    """What may stand at a path; None: nothing may."""
    here: Schema | None = resolved(_root())
    for part in path:
        here = _step(here, part) if here else None
    return here


def _step(here: Schema, part: str) -> Schema | None:
    inner = keys(here).get(part) or (item(here) if part != NAME_KEY else None)
    return resolved(inner) if inner else None


def keys(schema: Schema) -> Schema:
    """The schemas of the keys that a mapping of keys has, by key."""
    return {key: value for key, value in schema.get("properties", {}).items() if key != NAME_KEY}


def item(schema: Schema) -> Schema | None:
    """The schema of the items of a list or of a mapping by name."""
    several = [*schema.get("patternProperties", {}).values(), schema.get("additionalProperties"), schema.get("items")]
    return next((one for one in several if isinstance(one, dict)), None)


def leaves(value: Any, path: Path, schema: Schema) -> Iterator[tuple[Path, Any]]:
    """Every value at or below a path, and None for every key that could be written and is not."""
    if not isinstance(value, dict) or not value:
        yield path, value
        return
    for key, inner in value.items():
        yield from leaves(inner, (*path, str(key)), _step(schema, str(key)) or {})
    yield from (((*path, key), None) for key in keys(schema) if key not in value)


def split(path: str, values: Any) -> Path:
    """The parts of a dotted path; a name that has dots itself, such as that of an account, is one part."""
    parts, rest, here = [], path.split("."), values
    while rest:
        joined = (".".join(rest[:count]) for count in range(len(rest), 0, -1))
        part = next((one for one in joined if isinstance(here, dict) and one in here), rest[0])
        rest = rest[part.count(".") + 1 :]
        parts.append(part)
        here = here.get(part) if isinstance(here, dict) else None
    return tuple(parts)

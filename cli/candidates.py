"""Other values that a place in an environment might have, the most telling first. The loader says which are valid."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from cli.places import Schema, item, keys, resolved
from model.environment import Environment
from model.stateful import stack_parts
from model.values import DurationValue, SizeValue

_STEPS = (60, 3600, 86400, 7 * 86400)  # seconds


def candidates(environment: Environment, schema: Schema, value: Any) -> Iterator[Any]:
    """Yield values that differ from the given one (None: nothing is set), as the schema allows them."""
    names = tuple(_names(environment))
    seen = [value]
    for other in _made(schema, names) if value in (None, {}) else _others(schema, value, names):
        if other not in seen and _allowed(schema, other):
            seen.append(other)
            yield other


def _others(schema: Schema, value: Any, names: tuple[str, ...]) -> Iterator[Any]:
    yield from schema.get("enum", ())
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        whole = schema.get("type") == "integer"
        near = (value + 1, value - 1, value * 2, value / 2, value + 0.5, value + 10, value - 10, value + 100)
        yield from (int(other) if whole else other for other in near)
    elif isinstance(value, list):
        yield from _other_lists(resolved(item(schema) or {}), value, names)
    elif isinstance(value, str):
        for parse in (_other_durations, _other_sizes, _other_addresses, _other_times):
            yield from parse(value)
        yield from names if value in names else ()
        yield from _similar(value)
        yield from names
        yield from schema.get("examples", ())


def _other_lists(schema: Schema, value: list[Any], names: tuple[str, ...]) -> Iterator[list[Any]]:
    yield from (value[:-1], value[1:])
    for other in _made(schema, names):
        yield [*value, other]
    for index, one in enumerate(value):
        for other in _others(schema, one, names):
            yield [*value[:index], other, *value[index + 1 :]]


def _similar(text: str) -> Iterator[str]:
    """Values of the same form."""
    if len(text) == 1:  # a drive
        yield from (chr(number) for number in range(ord("A"), ord("Z") + 1))
    if re.search(r"\d", text):  # a version, an image
        head, last, tail = re.fullmatch(r"(.*?)(\d+)(\D*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
        yield f"{head}{int(last) + 1}{tail}"
    folder, slash, file = text.rstrip("/").rpartition("/")
    yield from (f"{text}-other", f"other-{text}", f"{text}x", text.replace(".", ".other.", 1), f"other.{text}")
    yield f"{folder}{slash}other-{file}{text[len(text.rstrip('/')) :]}"


def _other_durations(text: str) -> Iterator[str]:
    try:
        seconds = DurationValue.parse(text).seconds
    except ValueError:
        return
    near = [seconds * 2, seconds // 2, seconds * 5, seconds // 5, seconds * 10, seconds + 1, seconds - 1]
    near += [sign * step + seconds for step in _STEPS for sign in (1, -1)]
    yield from (
        str(DurationValue(other)) for other in [*near, *_STEPS, *(days * 86400 for days in (28, 30))] if other > 0
    )


def _other_sizes(text: str) -> Iterator[str]:
    try:
        size = SizeValue.parse(text).bytes
    except ValueError:
        return
    near = (size * 2, size // 2, size + (1 << 20), size - (1 << 20), size + (1 << 30), size - (1 << 30))
    yield from (str(SizeValue(other)) for other in near if other > 0)


def _other_addresses(text: str) -> Iterator[str]:
    if re.fullmatch(r"(\d+\.){3}\d+", text):
        yield from (str(IPv4Address(text) + step) for step in (1, 2, 64))
    elif re.fullmatch(r"(\d+\.){3}\d+/\d+", text):
        network = IPv4Network(text)
        yield str(IPv4Network((int(network.network_address) + network.num_addresses, network.prefixlen)))
        yield from (str(subnet) for subnet in network.subnets() if network.prefixlen < 30)


def _other_times(text: str) -> Iterator[str]:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        yield str(date.fromisoformat(text) + timedelta(days=1))
    elif re.fullmatch(r"\d\d:\d\d", text):
        hour, minute = (int(part) for part in text.split(":"))
        yield f"{(hour + 1) % 24:02}:{minute:02}"
        yield f"{(hour - 1) % 24:02}:{minute:02}"


def _names(environment: Environment) -> Iterator[str]:
    """Names of things in the environment, which a reference may name instead."""
    security, notifications = environment.security, environment.notifications
    groups: tuple[Iterable[str], ...] = (
        security.networks,
        notifications.receivers,
        environment.hosts,
        environment.workloads,
        environment.gateway.sites,
        security.accounts,
        (part.name for part in stack_parts(environment)),
    )
    for names in groups:
        yield from names


def _made(schema: Schema, names: tuple[str, ...]) -> Iterator[Any]:
    """Values for a place where nothing is, made of examples; references name one thing after the other."""
    schema = resolved(schema)
    yield from (*schema.get("enum", ()), *schema.get("examples", ()))
    for name in ("", *names):
        yield _example(schema, name, {})


def _example(schema: Schema, name: str, used: dict[str, int]) -> Any:
    """One value; `used` counts the examples that were taken, so that two times are not the same one."""
    kind = schema.get("type")
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "object":
        required = {key: inner for key, inner in keys(schema).items() if key in schema.get("required", ())}
        made = {key: _example(resolved(inner), name, used) for key, inner in required.items()}
        inner = None if keys(schema) else item(schema)
        if inner is not None:
            key = _example({"type": "string", **schema.get("propertyNames", {})}, name, used)
            made[key] = _example(resolved(inner), name, used)
        return made
    if kind == "array":
        inner = resolved(item(schema) or {})
        return [_example(inner, name, used) for _ in range(max(1, schema.get("minItems", 1)))]
    if kind == "boolean":
        return True
    if kind in {"integer", "number"}:
        return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    examples = schema.get("examples", ["text"])
    if name and re.fullmatch(schema.get("pattern", ".*"), name):
        return name
    used[examples[0]] = used.get(examples[0], -1) + 1
    return examples[used[examples[0]] % len(examples)]


def _allowed(schema: Schema, value: Any) -> bool:
    """Whether the pattern and the bounds of a place let a value through; the rest is the loader's to say."""
    if isinstance(value, str) and "pattern" in schema:
        return re.search(schema["pattern"], value) is not None
    if isinstance(value, int | float) and not isinstance(value, bool):
        above = schema.get("minimum", value) <= value and value > schema.get("exclusiveMinimum", value - 1)
        return bool(above and value <= schema.get("maximum", value))
    return True

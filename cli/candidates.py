"""Other values that a place in an environment might have, the most telling first. The loader says which are valid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from model.environment import Environment
from model.values import DurationValue, SizeValue


def candidates(environment: Environment, path: tuple[str, ...], value: Any) -> Iterator[Any]:
    """Yield values that differ from the given one."""
    seen = [value]
    for other in _all(environment, path, value):
        if other not in seen:
            seen.append(other)
            yield other


def _all(environment: Environment, path: tuple[str, ...], value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (value + 1, value - 1, value * 2, value / 2, value + 0.5)
    elif isinstance(value, list):
        last = value[-1] if value else ""
        yield from (value[:-1], value[1:])
        yield from ([*value[:-1], other] for other in candidates(environment, (*path, "0"), last))
    elif isinstance(value, str):
        yield from _enumerated(path)
        yield from _similar(value)
        yield from _names(environment)


def _similar(text: str) -> Iterator[str]:
    """Values of the same form."""
    for parse in (_other_durations, _other_sizes, _other_addresses, _other_times):
        yield from parse(text)
    if len(text) == 1:  # a drive
        yield chr(ord(text) + 1)
    if re.fullmatch(r"\d+(\.\d+)+", text):  # a version
        head, _, last = text.rpartition(".")
        yield f"{head}.{int(last) + 1}"
    yield from (f"{text}-other", f"other-{text}", f"{text}x", text.replace(".", ".other.", 1))


def _other_durations(text: str) -> Iterator[str]:
    try:
        seconds = DurationValue.parse(text).seconds
    except ValueError:
        return
    for other in (seconds * 2, seconds // 2, seconds + 86400, seconds + 1, seconds * 4, seconds - 1):
        yield str(DurationValue(other))


def _other_sizes(text: str) -> Iterator[str]:
    try:
        size = SizeValue.parse(text).bytes
    except ValueError:
        return
    yield from (str(SizeValue(size * 2)), str(SizeValue(size // 2)), str(SizeValue(size + (1 << 20))))


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
    for names in (
        security.networks,
        notifications.receivers,
        environment.hosts,
        environment.workloads,
        environment.gateway.sites,
        security.accounts,
    ):
        yield from names
    yield "Asia/Seoul"


def _enumerated(path: tuple[str, ...]) -> Iterator[str]:
    """The values that the schema lists for a place."""
    schema = Environment.model_json_schema()
    here: Any = schema
    for part in path:
        here = _step(schema, here, part)
        if here is None:
            return
    yield from _plain(schema, here).get("enum", [])


def _step(schema: Any, here: Any, part: str) -> Any:
    here = _plain(schema, here)
    if part in here.get("properties", {}):
        return here["properties"][part]
    if "items" in here:
        return here["items"]
    patterns = here.get("patternProperties", {})
    return next(iter(patterns.values()), here.get("additionalProperties") or None)


def _plain(schema: Any, here: Any) -> Any:
    if "$ref" in here:
        here = {**schema["$defs"][here["$ref"].rsplit("/", 1)[1]], **here}
    for choice in here.get("anyOf", []):
        if choice.get("type") != "null":
            return _plain(schema, choice)
    return here

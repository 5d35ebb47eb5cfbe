"""YAML and JSON, emitted in one place and in one style.

PyYAML's emitter writes 2 MB/s and would take most of a render; this one writes what we need of YAML and nothing else:
mappings, lists, strings, numbers, booleans, null. A string is written plain only where every reader, of YAML 1.1 or
1.2, reads it back as the same string (tests/generators/test_emit.py proves it with PyYAML and Go's reader).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

LINE = 100  # characters within which a list of scalars stays on one line

Data = Mapping[str, Any] | Sequence[Any] | str | int | float | bool | None

# Plain: begins with a letter or a slash, holds only characters that mean nothing in YAML, and is no word that a reader
# takes for something else. Or it is a length of time or a size.
_PLAIN = re.compile(r"[A-Za-z/](?:[A-Za-z0-9_./%+~-]|[:@](?=[A-Za-z0-9_/]))*|(?:[0-9]+[smhdwKMGT])+B?")
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"])
_SEXAGESIMAL = re.compile(r"[0-9_+-]*:[0-9]")
_BLOCK = re.compile(r"[\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]*")


def header(environment: str, comment: str = "#") -> str:
    """The first line of a rendered file: where it comes from and how it is made again."""
    return f"{comment} Rendered from environments/{environment} by `make render`; changes made here are lost.\n"


def to_yaml(data: Data, environment: str) -> str:
    """Emit a document. Mappings keep their order: generators give them in the order in which one reads them."""
    return header(environment) + "".join(_block(data, ""))


def to_json(data: Data) -> str:
    """Emit JSON with two spaces and text as it is, not escaped."""
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _block(data: Data, indent: str) -> Iterator[str]:
    if isinstance(data, Mapping) and data:
        for key, value in data.items():
            yield from _entry(f"{indent}{_scalar(key)}:", value, indent)
    elif isinstance(data, Sequence) and not isinstance(data, str) and data:
        for item in data:
            yield from _item(item, indent)
    else:
        yield f"{indent}{_flow(data)}\n"


def _entry(opening: str, value: Data, indent: str) -> Iterator[str]:
    if isinstance(value, str):
        yield f"{opening} {_string(value, indent)}\n"
    elif (line := _flow(value)) is not None and len(opening) + len(line) < LINE:
        yield f"{opening} {line}\n"
    else:
        yield f"{opening}\n"
        yield from _block(value, indent + "  ")


def _item(value: Data, indent: str) -> Iterator[str]:
    if isinstance(value, str):
        yield f"{indent}- {_string(value, indent)}\n"
        return
    if isinstance(value, Mapping | Sequence) and value:
        lines = _block(value, indent + "  ")
        first = next(lines)
        yield f"{indent}- {first[len(indent) + 2 :]}"
        yield from lines
        return
    yield f"{indent}- {_flow(value)}\n"


def _flow(value: Data) -> str | None:
    """The value on one line: a scalar, what is empty, or a list of scalars; None for anything else."""
    if isinstance(value, Mapping):
        return None if value else "{}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        nested = any(isinstance(item, Mapping | list | tuple) for item in value)
        return None if nested else "[" + ", ".join(_scalar(item) for item in value) + "]"
    return _scalar(value)


def _scalar(value: str | float | bool | None) -> str:
    if isinstance(value, str):
        return value if _is_plain(value) else _quoted(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = json.dumps(value, allow_nan=False)
    return text if "." in text or "e" not in text else text.replace("e", ".0e")  # YAML 1.1 wants a point


def _string(value: str, indent: str) -> str:
    if "\n" not in value:
        return _scalar(value)
    body = value.rstrip("\n")
    ending = value[len(body) :]
    blank_lines = any(line != "" and line.isspace() for line in body.split("\n"))
    if not body or body[0] in " \n\t" or len(ending) > 1 or blank_lines or not _BLOCK.fullmatch(value):
        return _quoted(value)
    mark = "|" if ending else "|-"
    inner = indent + "  "
    return mark + "".join(f"\n{inner}{line}" if line else "\n" for line in body.split("\n"))


@lru_cache(4096)  # names of keys, above all
def _is_plain(text: str) -> bool:
    return bool(_PLAIN.fullmatch(text)) and text.lower() not in _WORDS and not _SEXAGESIMAL.match(text)


def _quoted(text: str) -> str:
    if '"' in text and _SINGLE.fullmatch(text):
        return f"'{text}'"
    # JSON's form is YAML's double-quoted form, but for characters that YAML wants escaped although JSON does not.
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


_SINGLE = re.compile(r"[\x20-\x26\x28-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]*")
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")

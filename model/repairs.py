"""What a person probably meant who wrote a value that cannot be taken."""

from __future__ import annotations

import re
from difflib import get_close_matches

from model.forms import narrow

_BOOLEANS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def repair(kind: str, value: object) -> str:
    """What the person probably meant; empty: there is no telling."""
    if kind == "dict_type" and isinstance(value, list):
        return "each name is a key: write `name:` without a dash"
    if not isinstance(value, str):
        return f"write `[{value}]`" if kind == "tuple_type" and isinstance(value, int | float) else ""
    if narrow(value) != value:
        return f"these are full-width characters, as a Japanese keyboard writes them: write `{narrow(value)}`"
    if kind in {"int_type", "float_type"}:
        if re.fullmatch(r"[0-9.]+ ?%", value):
            return f"write `{value.rstrip('% ')}`, without the sign"
        return f"write `{value}` without quotes" if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value) else ""
    if kind == "bool_type" and value.lower() in _BOOLEANS:
        return f"write `{_BOOLEANS[value.lower()]}`"
    if kind in {"model_type", "dict_type"} and re.search(r"\w[:=]", value):
        return "a key and its value are written `key: value`, with a space after the colon"
    return f"write `[{value}]`" if kind == "tuple_type" else ""


def as_we_write(message: str, value: str) -> str:
    """A size, a length of time or a time of day that is written in another form; empty: it is none."""
    text = value.lower()
    if "a size such" in message and (found := re.fullmatch(r"([1-9][0-9]*) ?([kmgt])i?b?", text, re.ASCII)):
        return f"{found[1]}{found[2].upper()}B"
    if "a length of time" in message and (found := re.fullmatch(r"([1-9][0-9]*) ?([smhdw])[a-z]*", text, re.ASCII)):
        return "" if text.endswith(("ms", "month", "months")) else f"{found[1]}{found[2]}"
    if "a time of day" in message and (found := re.fullmatch(r"([0-9]):([0-5][0-9])", text, re.ASCII)):
        return f"0{text}"
    if "a date such" in message and (
        found := re.fullmatch(r"(20[0-9]{2})[/.](1?[0-9])[/.]([0-9]{1,2})", text, re.ASCII)
    ):
        return f"{found[1]}-{found[2]:0>2}-{found[3]:0>2}"
    return ""


def close(value: object, options: list[str]) -> str:
    """A hint that names the option that is nearest; empty: none is near."""
    found = get_close_matches(str(value).lower(), options, n=1)
    return f"did you mean `{found[0]}`?" if found else ""

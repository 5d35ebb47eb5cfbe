"""What templates of pages call: texts of alerts as people read them, lengths of time in words, blocks of commands."""

from __future__ import annotations

import re

from generators.escape import Escaped, markdown, markdown_block, markdown_code
from model.bilingual import Language, in_words
from model.values import DurationValue

_PLACE = re.compile(r"\{\{(.*?)\}\}")
_LABEL = re.compile(r"\$labels\.(\w+)")
_VALUE = {"en": "value", "ja": "値"}


def readable(text: str, language: Language) -> Escaped:
    """A text of an alert; what Prometheus puts into it later is shown as code: `host`, `value`."""
    parts = _PLACE.split(text)
    shown = (markdown(part) if index % 2 == 0 else _place(part, language) for index, part in enumerate(parts))
    return Escaped("".join(shown))


def _place(inner: str, language: Language) -> Escaped:
    label = _LABEL.search(inner)
    if label:
        return markdown_code(label[1])
    return markdown_code(_VALUE[language] if "$value" in inner else inner.strip())


def span(length: DurationValue, language: Language) -> Escaped:
    """A length of time in words."""
    return Escaped(in_words(length, language))


def fenced(info: str, text: str, indent: int = 0) -> Escaped:
    """A fenced block, indented as a whole so that it can be a part of a list's item."""
    lines = [f"```{info}", *markdown_block(text).splitlines(), "```"]
    return Escaped("\n".join(f"{' ' * indent}{line}" if line else "" for line in lines))

"""What templates of pages call: texts of alerts as people read them, lengths of time in words, blocks of commands."""

from __future__ import annotations

import re
from collections.abc import Mapping

from generators.escape import Escaped, markdown, markdown_block, markdown_code, markdown_link
from model.bilingual import Language, in_words
from model.values import DurationValue

# What Prometheus puts in later, code, and what may be the name of an alert.
_PARTS = re.compile(
    r"\{\{(?P<place>.*?)\}\}|`(?P<code>[^`]+)`|(?<![A-Za-z])(?P<name>[A-Z][a-z]+(?:[A-Z][a-z]+)+)(?![A-Za-z])"
)
_LABEL = re.compile(r"\$labels\.(\w+)")
_VALUE = {"en": "value", "ja": "値"}


def readable(text: str, language: Language, links: Mapping[str, str] | None = None) -> Escaped:
    """A text of an alert as a page has it.

    Code stays code, what Prometheus puts in later becomes it (`host`, `value`), and names in `links` lead there.
    """
    shown, end = [], 0
    for part in _PARTS.finditer(text):
        shown += [markdown(text[end : part.start()]), _shown(part, language, links or {})]
        end = part.end()
    return Escaped("".join([*shown, markdown(text[end:])]))


def _shown(part: re.Match[str], language: Language, links: Mapping[str, str]) -> Escaped:
    if part["place"] is not None:
        return _place(part["place"], language)
    if part["code"] is not None:
        return markdown_code(part["code"])
    name = part["name"]
    return Escaped(f"[{name}]({markdown_link(links[name])})") if name in links else markdown(name)


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

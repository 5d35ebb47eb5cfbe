"""Text in the two languages that the product speaks."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator

from model.base import Model
from model.forms import fault

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = ("en", "ja")


def _prose(value: str) -> str:
    if not value.strip():
        raise fault("form", "write a text, not an empty one")
    return value.strip()


Prose = Annotated[str, AfterValidator(_prose)]

# Where a folded YAML text breaks a line it reads as a space, which Japanese does not have after its punctuation, nor
# between two of its characters.
_FULL_WIDTH = "\u3000-\u30ff\u4e00-\u9fff\uff01-\uff60"
_FOLDED = re.compile(f"(?<=[、。，．」』）】：；！？]) +(?=\\S)|(?<=[{_FULL_WIDTH}]) +(?=[{_FULL_WIDTH}])")


def _unfolded(value: str) -> str:
    return _FOLDED.sub("", value)


class Bilingual(Model):
    """The same text in English and Japanese."""

    en: Prose
    ja: Annotated[Prose, AfterValidator(_unfolded)]

    def __getitem__(self, language: Language) -> str:
        return self.en if language == "en" else self.ja

"""Text in the two languages that the product speaks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from model.base import Model
from model.types import fault

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = ("en", "ja")


def _prose(value: str) -> str:
    if not value.strip():
        raise fault("form", "write a text, not an empty one")
    return value.strip()


Prose = Annotated[str, AfterValidator(_prose)]


class Bilingual(Model):
    """The same text in English and Japanese."""

    en: Prose
    ja: Prose

    def __getitem__(self, language: Language) -> str:
        return self.en if language == "en" else self.ja

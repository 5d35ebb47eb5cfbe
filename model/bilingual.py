"""Text in the two languages that the product speaks."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator

from model.base import Model
from model.forms import fault
from model.values import DurationValue

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
# The space comes first in the pattern: `re` finds that by itself, and looks around there alone.
_FOLDED = re.compile(f" (?<=[、。，．」』）】：；！？] )(?=\\S)| (?<=[{_FULL_WIDTH}] )(?=[{_FULL_WIDTH}])")


def _unfolded(value: str) -> str:
    return _FOLDED.sub("", value)


class Bilingual(Model):
    """The same text in English and Japanese."""

    en: Prose
    ja: Annotated[Prose, AfterValidator(_unfolded)]

    def __getitem__(self, language: Language) -> str:
        return self.en if language == "en" else self.ja


_UNITS = (
    (86400, ("day", "days"), "日"),
    (3600, ("hour", "hours"), "時間"),
    (60, ("minute", "minutes"), "分"),
    (1, ("second", "seconds"), "秒"),
)


def in_words(length: DurationValue, language: Language) -> str:
    """A length of time as people say it: `1d6h` → 30 hours, 30 時間. One unit, as long as its number is below 100."""
    for seconds, names, japanese in _UNITS:
        count, rest = divmod(length.seconds, seconds)
        if not rest and 0 < count < 100:
            return _counted(count, names, japanese, language)
    rest, words = length.seconds, []
    for seconds, names, japanese in _UNITS:
        count, rest = divmod(rest, seconds)
        if count:
            words.append(_counted(count, names, japanese, language))
    return " ".join(words) or _counted(0, *_UNITS[-1][1:], language)


def _counted(count: int, names: tuple[str, str], japanese: str, language: Language) -> str:
    return f"{count} {japanese if language == 'ja' else names[count != 1]}"

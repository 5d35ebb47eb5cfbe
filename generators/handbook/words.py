"""Every fixed phrase of the handbook, in both languages. Phrases are Markdown; `{…}` is a place for a value."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from generators.escape import Escaped
from generators.handbook.words_backups import BACKUPS
from generators.handbook.words_gateway import GATEWAY
from generators.handbook.words_installing import INSTALLING
from generators.handbook.words_logs import LOGS
from generators.handbook.words_reading import READING
from generators.handbook.words_windows import WINDOWS
from model.bilingual import Bilingual, Language

_PAGES = {**BACKUPS, **GATEWAY, **INSTALLING, **LOGS, **READING, **WINDOWS}
PHRASES = {name: Bilingual(en=en, ja=ja) for name, (en, ja) in _PAGES.items()}

Say = Callable[..., Escaped]


@cache
def _phrase(name: str, language: Language) -> Escaped:
    return Escaped(PHRASES[name][language].format())


def speaker(language: Language) -> Say:
    """A function that gives a phrase in a language, with escaped values in its places."""

    def say(name: str, **values: Escaped | int) -> Escaped:
        if not values:
            return _phrase(name, language)
        for place, value in values.items():
            if not isinstance(value, Escaped | int):
                raise TypeError(f"{place} of the phrase {name} is not escaped")
        return Escaped(PHRASES[name][language].format(**values))

    return say

"""A panel as its author writes it, before it becomes Grafana's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from model.bilingual import Bilingual

PROMETHEUS, LOKI, ALERTMANAGER = "prometheus", "loki", "alertmanager"
"""Fixed uids (and types) of the data sources."""

Kind = Literal["timeseries", "stat", "state-timeline", "table", "bargauge", "heatmap", "logs", "text", "row"]


@dataclass(frozen=True)
class Query:
    """An expression and the name of its series; `{{label}}` is Grafana's.

    `empty_is_good`: it answers nothing while all is well. The live run finds every other query answered.
    """

    expr: str
    legend: str = ""
    empty_is_good: bool = False


@dataclass(frozen=True)
class Word:
    """What is written, and in which color, instead of a number."""

    value: int
    text: Bilingual
    color: str


@dataclass(frozen=True)
class Panel:
    """What a panel shows.

    `steps` are values from which a color holds, `below` is the color below all of them; `columns` of a table are the
    labels that it shows, in order, with their headings.
    """

    kind: Kind
    title: Bilingual
    description: Bilingual
    queries: tuple[Query, ...] = ()
    unit: str = "short"
    decimals: int | None = None
    steps: tuple[tuple[float, str], ...] = ()
    below: str = "green"
    words: tuple[Word, ...] = ()
    columns: tuple[tuple[str, Bilingual], ...] = ()
    source: str = PROMETHEUS
    width: int = 8
    height: int = 8
    stacked: bool = False
    maximum: float | None = None

    @property
    def empty_is_good(self) -> bool:
        """Whether it shows nothing while all is well."""
        return bool(self.queries) and all(query.empty_is_good for query in self.queries)


@dataclass(frozen=True)
class Variable:
    """A choice above the dashboard: the values of a label, several of them or all. Without a label: a text box."""

    name: str
    title: Bilingual
    label: str | None = None
    series: str = ""
    source: str = PROMETHEUS


@dataclass(frozen=True)
class Link:
    """A way to a page that is no dashboard; a path is one of this Grafana."""

    title: Bilingual
    url: str


@dataclass(frozen=True)
class Board:
    """A dashboard."""

    uid: str
    title: Bilingual
    panels: tuple[Panel, ...]
    variables: tuple[Variable, ...] = ()
    links: tuple[Link, ...] = ()


def t(en: str, ja: str) -> Bilingual:
    """A text in both languages."""
    return Bilingual(en=en, ja=ja)


def row(en: str, ja: str) -> Panel:
    """The heading of the panels that follow."""
    return Panel("row", t(en, ja), t(en, ja), width=24, height=1)


UP = (Word(0, t("down", "停止"), "red"), Word(1, t("up", "稼働"), "green"))
"""Words of a series that is 0 or 1."""

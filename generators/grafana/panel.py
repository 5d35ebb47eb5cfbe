"""A panel as its author writes it, before it becomes Grafana's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from model.bilingual import Bilingual

PROMETHEUS, LOKI, ALERTMANAGER = "prometheus", "loki", "alertmanager"
"""Fixed uids (and types) of the data sources."""

Kind = Literal["timeseries", "stat", "table", "bargauge", "heatmap", "logs", "text"]


@dataclass(frozen=True)
class Query:
    """An expression and the name of its series; `{{label}}` is Grafana's."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """What a panel shows. `steps` are values from which a color holds, below all of them it is green."""

    kind: Kind
    title: Bilingual
    description: Bilingual
    queries: tuple[Query, ...]
    unit: str = "short"
    steps: tuple[tuple[float, str], ...] = ()
    source: str = PROMETHEUS
    width: int = 8
    height: int = 8
    stacked: bool = False
    maximum: float | None = None


@dataclass(frozen=True)
class Variable:
    """A choice above the dashboard: the values of a label, several of them or all."""

    name: str
    title: Bilingual
    query: str
    source: str = PROMETHEUS
    text: bool = False  # a text box instead of a choice


@dataclass(frozen=True)
class Board:
    """A dashboard."""

    uid: str
    title: Bilingual
    panels: tuple[Panel, ...]
    variables: tuple[Variable, ...] = ()


def t(en: str, ja: str) -> Bilingual:
    """A text in both languages."""
    return Bilingual(en=en, ja=ja)

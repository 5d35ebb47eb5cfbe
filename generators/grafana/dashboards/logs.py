"""Logs: how much, how bad, and a search by container, time and text.

Loki finds streams by labels that equal a value, so each query names a kind or a level, one query for each of them: a
query by patterns alone would have it look at every stream there is.
"""

from __future__ import annotations

from generators.grafana.panel import LOKI, Board, Panel, Query, Variable, t
from model.deployment import Deployment
from model.names import LOG_KINDS, LogKind

_LEVELS = ("DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_HERE = 'host=~"$host"'
_CHOSEN = f'kind=~"$kind", {_HERE}, level=~"$level"'


def board(_deployment: Deployment) -> Board:
    """Volume, errors, search."""
    return Board(
        "flatnet-logs",
        t("Logs", "ログ"),
        (*_volume(), *_lines()),
        (
            Variable("kind", t("Kind", "種類"), "kind", source=LOKI),
            Variable("host", t("Host", "ホスト"), "host", source=LOKI),
            Variable("level", t("Level", "レベル"), "level", source=LOKI),
            Variable("container", t("Container", "コンテナ"), "container", '{kind="containers"}', LOKI),
            Variable("text", t("Text", "文字列"), source=LOKI),
        ),
    )


def _of_kind(kind: LogKind) -> str:
    return f'{{kind="{kind}", {_CHOSEN}}}'


def _of_level(level: str) -> str:
    return f'{{level="{level}", {_CHOSEN}}}'


def _volume() -> tuple[Panel, ...]:
    return (
        Panel(
            "timeseries",
            t("Lines by component", "対象別の行数"),
            t("How much each component writes.", "対象ごとのログ量です。"),
            tuple(
                Query(
                    f"sum by (component) (count_over_time({_of_kind(kind)} [$__auto]))", f"{{{{component}}}} ({kind})"
                )
                for kind in LOG_KINDS
            ),
            source=LOKI,
            stacked=True,
            width=12,
        ),
        Panel(
            "timeseries",
            t("Lines by level", "レベル別の行数"),
            t("How bad it is.", "レベルごとのログ量です。"),
            tuple(
                Query(f"sum by (level) (count_over_time({_of_level(level)} [$__auto]))", "{{level}}")
                for level in _LEVELS
            ),
            source=LOKI,
            stacked=True,
            width=12,
        ),
    )


def _lines() -> tuple[Panel, ...]:
    kind_and_host = f'kind=~"$kind", {_HERE}'
    container = f'{{kind="containers", {_HERE}, level=~"$level", container=~"$container"}} |= `$text`'
    return (
        Panel(
            "logs",
            t("Errors", "エラー"),
            t("Lines of level ERROR or FATAL.", "ERROR と FATAL の行です。"),
            tuple(Query(f'{{level="{level}", {kind_and_host}}}', empty_is_good=True) for level in ("ERROR", "FATAL")),
            source=LOKI,
            width=24,
        ),
        Panel(
            "logs",
            t("Search in containers", "コンテナの検索"),
            t("Lines of the chosen containers that hold the text.", "選んだコンテナの、文字列を含む行です。"),
            (Query(container),),
            source=LOKI,
            width=24,
            height=10,
        ),
        Panel(
            "logs",
            t("Search everywhere", "全体の検索"),
            t("Lines of the chosen kinds that hold the text.", "選んだ種類の、文字列を含む行です。"),
            tuple(Query(f"{_of_kind(kind)} |= `$text`") for kind in LOG_KINDS),
            source=LOKI,
            width=24,
            height=12,
        ),
    )

"""Logs: how much, how bad, and a search by container, time and text."""

from __future__ import annotations

from generators.grafana.panel import LOKI, Board, Panel, Query, Variable, t
from model.deployment import Deployment

_STREAMS = '{kind=~"$kind", host=~"$host", level=~"$level"}'
_FOUND = '{kind=~"$kind", host=~"$host", level=~"$level", container=~"$container"} |= `$text`'


def _choice(name: str, en: str, ja: str) -> Variable:
    return Variable(name, t(en, ja), f"label_values({name})", LOKI)


def board(_deployment: Deployment) -> Board:
    """Volume, errors, search."""
    return Board(
        "flatnet-logs",
        t("Logs", "ログ"),
        (
            Panel(
                "timeseries",
                t("Lines by component", "対象別の行数"),
                t("How much each component writes.", "対象ごとのログ量です。"),
                (Query(f"sum by (component) (count_over_time({_STREAMS} [$__auto]))", "{{component}}"),),
                source=LOKI,
                stacked=True,
                width=12,
            ),
            Panel(
                "timeseries",
                t("Lines by level", "レベル別の行数"),
                t("How bad it is.", "レベルごとのログ量です。"),
                (Query(f"sum by (level) (count_over_time({_STREAMS} [$__auto]))", "{{level}}"),),
                source=LOKI,
                stacked=True,
                width=12,
            ),
            Panel(
                "logs",
                t("Errors", "エラー"),
                t("Lines of level error or worse.", "エラー以上の行です。"),
                (Query('{kind=~"$kind", host=~"$host", level=~"ERROR|FATAL"}'),),
                source=LOKI,
                width=24,
            ),
            Panel(
                "logs",
                t("Search in containers", "コンテナの検索"),
                t("Lines of the chosen containers that hold the text.", "選んだコンテナの、文字列を含む行です。"),
                (Query(_FOUND),),
                source=LOKI,
                width=24,
                height=10,
            ),
            Panel(
                "logs",
                t("Search everywhere", "全体の検索"),
                t("Lines of every kind that hold the text.", "すべての種類の、文字列を含む行です。"),
                (Query(f"{_STREAMS} |= `$text`"),),
                source=LOKI,
                width=24,
                height=12,
            ),
        ),
        (
            _choice("kind", "Kind", "種類"),
            _choice("host", "Host", "ホスト"),
            _choice("level", "Level", "レベル"),
            _choice("container", "Container", "コンテナ"),
            Variable("text", t("Text", "文字列"), "", LOKI, text=True),
        ),
    )

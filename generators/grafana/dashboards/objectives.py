"""Objectives: what was promised, what is left of the budget, and how fast it burns."""

from __future__ import annotations

from collections.abc import Iterator

from generators.grafana.panel import Board, Panel, Query, row, t
from model.bilingual import Bilingual, in_words
from model.deployment import Deployment
from model.objective import BurnWindow, Objective


def board(deployment: Deployment) -> Board:
    """One line of panels for each objective."""
    found = sorted(deployment.environment.objectives.items())
    panels = [panel for _, objective in found for panel in _line(objective)]
    return Board("flatnet-objectives", t("Objectives", "目標"), tuple(panels))


def _line(objective: Objective) -> Iterator[Panel]:
    title, window = objective.title, objective.window
    window_en, window_ja = in_words(window, "en"), in_words(window, "ja")
    bad = f"site:{objective.record}_errors:ratio_rate{window}"
    promised = f"{objective.target:g} %"
    yield row(f"{title.en}: {promised} good over {window_en}", f"{title.ja}: {window_ja}で {promised} が良好")
    yield Panel(
        "stat",
        t(f"{title.en}: good over {window_en}", f"{title.ja}: 良好な割合（{window_ja}）"),
        t(f"Share of good events; {promised} was promised.", f"良好なイベントの割合です。目標は {promised} です。"),
        (Query(f"100 * (1 - {bad})", "{{site}}"),),
        unit="percent",
        decimals=3,
        below="red",
        steps=((objective.target, "green"),),
        width=4,
    )
    yield Panel(
        "bargauge",
        t(f"{title.en}: budget left", f"{title.ja}: 残りの許容量"),
        t(
            "What may still go wrong in the window; at zero the promise is broken.",
            "期間内に許される残りです。0 で目標未達です。",
        ),
        (Query(f"100 * (1 - {bad} / {objective.budget:.10g})", "{{site}}"),),
        unit="percent",
        below="red",
        steps=((0, "orange"), (25, "green")),
        maximum=100,
        width=4,
    )
    yield _burn(
        objective, t("burns fast", "急な消費"), t("people are called", "担当者が呼び出されます"), objective.fast
    )
    yield _burn(objective, t("burns slowly", "緩やかな消費"), t("it can wait", "営業時間に対応します"), objective.slow)


def _burn(objective: Objective, how: Bilingual, then: Bilingual, windows: tuple[BurnWindow, ...]) -> Panel:
    title = objective.title
    lengths = [length for window in windows for length in (window.short, window.long)]
    lines = sorted((window.factor, window.long) for window in windows)
    lines_en = " and ".join(f"{factor:g} over {in_words(length, 'en')}" for factor, length in lines)
    lines_ja = "、".join(f"{in_words(length, 'ja')}では {factor:g}" for factor, length in lines)
    return Panel(
        "timeseries",
        t(f"{title.en}: {how.en}", f"{title.ja}: {how.ja}"),
        t(
            f"At 1 the budget is used up exactly at the end of the window. From the lines on, {lines_en}, {then.en}.",
            f"1 なら期間の終わりにちょうど使い切ります。線（{lines_ja}）を超えると{then.ja}。",
        ),
        tuple(
            Query(
                f"site:{objective.record}_errors:ratio_rate{length} / {objective.budget:.10g}", f"{{{{site}}}} {length}"
            )
            for length in lengths
        ),
        unit="none",
        steps=tuple((factor, color) for (factor, _), color in zip(lines, ("orange", "red"), strict=True)),
    )

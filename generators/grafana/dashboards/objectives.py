"""Objectives: what was promised, what is left of the budget, and how fast it burns."""

from __future__ import annotations

from collections.abc import Iterator

from generators.grafana.panel import Board, Panel, Query, t
from model.deployment import Deployment
from model.objective import Objective


def board(deployment: Deployment) -> Board:
    """One row for each objective."""
    found = sorted(deployment.environment.objectives.items())
    panels = [panel for _, objective in found for panel in _row(objective)]
    return Board("flatnet-objectives", t("Objectives", "目標"), tuple(panels))


def _row(objective: Objective) -> Iterator[Panel]:
    title, window = objective.title, str(objective.window)
    bad = f"site:{objective.record}_errors:ratio_rate"
    yield Panel(
        "stat",
        t(
            f"{title.en} over {window} ({objective.target:g} % promised)",
            f"{title.ja}（{window}、目標 {objective.target:g} %）",
        ),
        t("Share of good events.", "良好なイベントの割合です。"),
        (Query(f"100 * (1 - {bad}{window})", "{{site}}"),),
        unit="percent",
        steps=((0.0, "red"), (objective.target, "green")),
    )
    yield Panel(
        "bargauge",
        t(f"{title.en}: budget left", f"{title.ja}: 残りの許容量"),
        t(
            "What may still go wrong in the window; below zero the promise is broken.",
            "期間内に許される残りです。0 未満は目標未達です。",
        ),
        (Query(f"100 * (1 - {bad}{window} / {objective.budget:.10g})", "{{site}}"),),
        unit="percent",
        steps=((0.0, "red"), (10.0, "orange"), (50.0, "green")),
        maximum=100,
    )
    yield Panel(
        "timeseries",
        t(f"{title.en}: burn rate", f"{title.ja}: 消費速度"),
        t(
            "1 uses the budget up exactly at the end of the window; the lines are where alerts fire.",
            "1 なら期間の終わりにちょうど使い切ります。線はアラートのしきい値です。",
        ),
        tuple(
            Query(f"{bad}{burn.long} / {objective.budget:.10g}", f"{{{{site}}}} {burn.long}")
            for burn in objective.burn_windows
        ),
        unit="short",
        steps=tuple((burn.factor, color) for burn, color in zip(objective.fast[::-1], ("orange", "red"), strict=True)),
    )

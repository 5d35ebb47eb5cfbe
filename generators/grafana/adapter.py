"""From our panels through grafanalib to the classic dashboard schema of the deployed Grafana.

grafanalib 0.7 writes the schema of years ago: what of it the deployed Grafana does not know any more is left behind
here, and what it has learned since is added. Nothing else knows either form.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from grafanalib import core

from generators.grafana.panel import LOKI, Board, Panel, Query, Variable
from model.bilingual import Language

# Grafana 13 reads this version without a migration, and files of the newer "v2" form not at all.
SCHEMA_VERSION = 41
COLUMNS = 24

_CLASSES: dict[str, Any] = {
    "bargauge": core.BarGauge,
    "heatmap": core.Heatmap,
    "logs": core.Logs,
    "stat": core.Stat,
    "table": core.Table,
    "text": core.Text,
    "timeseries": core.TimeSeries,
}
_KEPT_OF_PANEL = ("title", "description", "gridPos", "id", "type", "transparent")
_REDUCE = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_LEGEND = {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}
_OPTIONS: dict[str, dict[str, Any]] = {
    "bargauge": {
        "displayMode": "basic",
        "legend": {**_LEGEND, "showLegend": False},
        "maxVizHeight": 300,
        "minVizHeight": 16,
        "minVizWidth": 8,
        "namePlacement": "auto",
        "orientation": "horizontal",
        "reduceOptions": _REDUCE,
        "showUnfilled": True,
        "sizing": "auto",
        "valueMode": "color",
    },
    "heatmap": {
        "calculate": False,
        "cellGap": 1,
        "color": {
            "exponent": 0.5,
            "fill": "dark-orange",
            "mode": "scheme",
            "reverse": False,
            "scale": "exponential",
            "scheme": "Oranges",
            "steps": 64,
        },
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"mode": "single", "showColorScale": False, "yHistogram": False},
        "yAxis": {"axisPlacement": "left", "reverse": False, "unit": "s"},
    },
    "logs": {
        "dedupStrategy": "none",
        "enableLogDetails": True,
        "prettifyLogMessage": False,
        "showCommonLabels": False,
        "showLabels": False,
        "showTime": True,
        "sortOrder": "Descending",
        "wrapLogMessage": True,
    },
    "stat": {
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "percentChangeColorMode": "standard",
        "reduceOptions": _REDUCE,
        "showPercentChange": False,
        "textMode": "auto",
        "wideLayout": True,
    },
    "table": {"cellHeight": "sm", "showHeader": True},
    "timeseries": {"legend": _LEGEND, "tooltip": {"mode": "multi", "sort": "desc"}},
}


def dashboard(board: Board, language: Language, zone: str) -> dict[str, Any]:
    """The dashboard as Grafana's file provisioning reads it."""
    made = core.Dashboard(
        title=f"Flatnet: {board.title[language]}",
        uid=board.uid,
        tags=["flatnet"],
        timezone=zone,
        refresh="1m",
        time=core.Time("now-6h", "now"),
        schemaVersion=SCHEMA_VERSION,
        editable=False,
        links=[core.DashboardLink(title="Flatnet", type="dashboards", tags=["flatnet"], asDropdown=True)],
        templating=core.Templating([_variable(variable, language) for variable in board.variables]),
    ).to_json_data()
    kept = {key: made[key] for key in ("uid", "title", "tags", "timezone", "refresh", "schemaVersion", "editable")}
    return {
        **kept,
        "time": {"from": made["time"].start, "to": made["time"].end},
        "graphTooltip": 1,
        "fiscalYearStartMonth": 0,
        "annotations": {"list": []},
        "links": [_link(link.to_json_data()) for link in made["links"]],
        "templating": {"list": [_variable_json(v, language) for v in board.variables]},
        "panels": list(_panels(board, language)),
    }


def _link(link: dict[str, Any]) -> dict[str, Any]:
    chosen = ("title", "type", "tags", "asDropdown", "icon", "includeVars", "keepTime", "targetBlank")
    return {**{key: link[key] for key in chosen if key in link}, "tooltip": "", "url": ""}


def _variable(variable: Variable, language: Language) -> Any:
    return core.Template(name=variable.name, label=variable.title[language], query=variable.query)


def _variable_json(variable: Variable, language: Language) -> dict[str, Any]:
    named = {"name": variable.name, "label": variable.title[language], "skipUrlSync": False, "hide": 0}
    if variable.text:
        empty = {"selected": True, "text": "", "value": ""}
        return {**named, "type": "textbox", "query": "", "current": empty, "options": [empty]}
    return {
        **named,
        "type": "query",
        "datasource": {"type": variable.source, "uid": variable.source},
        "definition": variable.query,
        "query": {"query": variable.query, "refId": "variable"},
        "refresh": 2,
        "regex": "",
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*" if variable.source != LOKI else ".+",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "options": [],
    }


def _panels(board: Board, language: Language) -> Iterator[dict[str, Any]]:
    x = y = tallest = 0
    for number, panel in enumerate(board.panels, start=1):
        if x + panel.width > COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        yield _panel(panel, number, core.GridPos(h=panel.height, w=panel.width, x=x, y=y), language)
        x, tallest = x + panel.width, max(tallest, panel.height)


def _panel(panel: Panel, number: int, place: Any, language: Language) -> dict[str, Any]:
    common: dict[str, Any] = {"title": panel.title[language], "id": number, "gridPos": place}
    if panel.kind == "text":
        text = {"mode": "markdown", "content": panel.description[language]}
        made = core.Text(**text, **common).to_json_data()
        return {**_kept(made, place), "options": text, "fieldConfig": {"defaults": {}, "overrides": []}}
    made = _CLASSES[panel.kind](dataSource=panel.source, targets=[], **common).to_json_data()
    source = {"type": panel.source, "uid": panel.source}
    return {
        **_kept(made, place),
        "description": panel.description[language],
        "datasource": source,
        "targets": [_target(query, index, panel, source) for index, query in enumerate(panel.queries)],
        "options": _OPTIONS[panel.kind],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
    }


def _kept(made: dict[str, Any], place: Any) -> dict[str, Any]:
    kept = {key: made[key] for key in _KEPT_OF_PANEL if made.get(key) is not None}
    return {**kept, "gridPos": place.to_json_data()}


def _target(query: Query, index: int, panel: Panel, source: dict[str, str]) -> dict[str, Any]:
    made = core.Target(expr=query.expr, legendFormat=query.legend, refId=chr(ord("A") + index)).to_json_data()
    target = {key: made[key] for key in ("expr", "legendFormat", "refId")} | {"datasource": source}
    if panel.source == LOKI:
        return {**target, "queryType": "range"}
    instant = panel.kind in {"stat", "table", "bargauge"}
    form = {"table": "table", "heatmap": "heatmap"}.get(panel.kind, "time_series")
    return {**target, "format": form, "instant": instant, "range": not instant}


def _defaults(panel: Panel) -> dict[str, Any]:
    if panel.kind == "logs":
        return {}
    steps = [{"color": "green", "value": None}, *({"color": color, "value": value} for value, color in panel.steps)]
    defaults: dict[str, Any] = {
        "unit": panel.unit,
        "color": {"mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"},
        "thresholds": {"mode": "absolute", "steps": steps},
        "mappings": [],
        **({"min": 0, "max": panel.maximum} if panel.maximum is not None else {}),
    }
    if panel.kind == "timeseries":
        defaults["custom"] = {
            "axisPlacement": "auto",
            "drawStyle": "line",
            "fillOpacity": 30 if panel.stacked else 8,
            "lineInterpolation": "linear",
            "lineWidth": 1,
            "pointSize": 4,
            "showPoints": "never",
            "spanNulls": False,
            "stacking": {"group": "A", "mode": "normal" if panel.stacked else "none"},
            "thresholdsStyle": {"mode": "line" if panel.steps else "off"},
        }
    if panel.kind == "table":
        defaults["custom"] = {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False}
    return defaults

"""From our panels through grafanalib to the classic dashboard schema of the deployed Grafana.

grafanalib 0.7 writes the schema of years ago: what of it the deployed Grafana does not know any more is left behind
here, and what it has learned since is added. Nothing else knows either form.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from grafanalib import core

from generators.grafana.options import OPTIONS, field_settings
from generators.grafana.panel import LOKI, Board, Link, Panel, Query, Variable
from model.bilingual import Bilingual, Language

# Grafana 13 reads this version without a migration, and files of the newer "v2" form not at all.
SCHEMA_VERSION = 42
COLUMNS = 24
TAG = "flatnet"

_CLASSES: dict[str, Any] = {
    "bargauge": core.BarGauge,
    "heatmap": core.Heatmap,
    "logs": core.Logs,
    "stat": core.Stat,
    "state-timeline": core.StateTimeline,
    "table": core.Table,
    "timeseries": core.TimeSeries,
}
_KEPT_OF_BOARD = ("uid", "title", "tags", "timezone", "refresh", "schemaVersion", "editable")
_KEPT_OF_PANEL = ("id", "type", "title")
_KEPT_OF_TARGET = ("expr", "legendFormat", "refId")
_KEPT_OF_LINK = ("title", "type", "tags", "asDropdown", "icon", "includeVars", "keepTime", "targetBlank")


def dashboard(board: Board, language: Language, zone: str, version: str) -> dict[str, Any]:
    """The dashboard as the file provisioning of Grafana `version` reads it."""
    made = core.Dashboard(
        title=f"Flatnet: {board.title[language]}",
        uid=board.uid,
        tags=[TAG],
        timezone=zone,
        refresh="1m",
        time=core.Time("now-6h", "now"),
        schemaVersion=SCHEMA_VERSION,
        editable=False,
    ).to_json_data()
    return {
        **{key: made[key] for key in _KEPT_OF_BOARD},
        "time": {"from": made["time"].start, "to": made["time"].end},
        "graphTooltip": 1,  # one crosshair over all panels
        "fiscalYearStartMonth": 0,
        "annotations": {"list": []},
        "links": list(_links(board, language)),
        "templating": {"list": [_variable(variable, language) for variable in board.variables]},
        "panels": list(_panels(board, language, version)),
    }


def _links(board: Board, language: Language) -> Iterator[dict[str, Any]]:
    others = core.DashboardLink(title="Flatnet", type="dashboards", tags=[TAG], asDropdown=True, keepTime=True)
    yield {**_kept(others, _KEPT_OF_LINK), "tooltip": "", "url": ""}
    for link in board.links:
        yield _link(link, language)


def _link(link: Link, language: Language) -> dict[str, Any]:
    made = core.DashboardLink(title=link.title[language], type="link", keepTime=False, targetBlank=True)
    return {**_kept(made, _KEPT_OF_LINK), "tags": [], "asDropdown": False, "tooltip": "", "url": link.url}


def _kept(made: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    data = made.to_json_data()
    return {key: data[key] for key in keys if key in data}


def _variable(variable: Variable, language: Language) -> dict[str, Any]:
    named = {"name": variable.name, "label": variable.title[language], "skipUrlSync": False, "hide": 0}
    if variable.label is None:
        empty = {"selected": True, "text": "", "value": ""}
        return {**named, "type": "textbox", "query": "", "current": empty, "options": [empty]}
    if variable.source == LOKI:
        query: dict[str, Any] = {"refId": "variable", "type": 1, "label": variable.label, "stream": variable.series}
    else:
        query = {"refId": "variable", "qryType": 1, "query": f"label_values({variable.series}, {variable.label})"}
    return {
        **named,
        "type": "query",
        "datasource": {"type": variable.source, "uid": variable.source},
        "query": query,
        "refresh": 2,
        "regex": "",
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".+" if variable.source == LOKI else ".*",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "options": [],
    }


def _panels(board: Board, language: Language, version: str) -> Iterator[dict[str, Any]]:
    """Panels from left to right; one that does not fit begins a line below the tallest of the line before."""
    x = y = tallest = 0
    for number, panel in enumerate(board.panels, start=1):
        if x + panel.width > COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        place = core.GridPos(h=panel.height, w=panel.width, x=x, y=y)
        if panel.kind == "row":
            title = panel.title[language]
            yield {"id": number, "type": "row", "title": title, "gridPos": place.to_json_data(), **_EMPTY_ROW}
        else:
            yield {**_panel(panel, number, place, language), "pluginVersion": version}
        x, tallest = x + panel.width, max(tallest, panel.height)


_NOTHING = Bilingual(en="Nothing: all is well", ja="なし（正常）")  # in place of "No data"
_EMPTY_ROW: dict[str, Any] = {"collapsed": False, "panels": []}  # the panels of an open row stand behind it


def _panel(panel: Panel, number: int, place: Any, language: Language) -> dict[str, Any]:
    title = panel.title[language]
    if panel.kind == "text":
        text = core.Text(title=title, id=number, gridPos=place, mode="markdown", content=panel.description[language])
        options = {"mode": text.mode, "content": text.content}
        fields: dict[str, Any] = {"defaults": {}, "overrides": []}
        return {
            **_kept(text, _KEPT_OF_PANEL),
            "gridPos": place.to_json_data(),
            "options": options,
            "fieldConfig": fields,
        }
    made = _CLASSES[panel.kind](title=title, id=number, gridPos=place, dataSource=panel.source)
    source = {"type": panel.source, "uid": panel.source}
    found = {
        **_kept(made, _KEPT_OF_PANEL),
        "description": panel.description[language],
        "gridPos": place.to_json_data(),
        "datasource": source,
        "targets": [_target(query, index, panel, source) for index, query in enumerate(panel.queries)],
        "options": _options(panel),
        "fieldConfig": {"defaults": _defaults(panel, language), "overrides": []},
    }
    return {**found, "transformations": [_columns(panel.columns, language)]} if panel.columns else found


def _options(panel: Panel) -> dict[str, Any]:
    options = OPTIONS[panel.kind]
    if panel.kind == "heatmap":
        return {**options, "yAxis": {**options["yAxis"], "unit": panel.unit}}
    return options


def _columns(columns: tuple[tuple[str, Bilingual], ...], language: Language) -> dict[str, Any]:
    names = [name for name, _ in columns]
    options = {
        "includeByName": dict.fromkeys(names, True),
        "excludeByName": {},
        "indexByName": {name: index for index, name in enumerate(names)},
        "renameByName": {name: heading[language] for name, heading in columns},
    }
    return {"id": "organize", "options": options}


def _target(query: Query, index: int, panel: Panel, source: dict[str, str]) -> dict[str, Any]:
    made = core.Target(expr=query.expr, legendFormat=query.legend, refId=chr(ord("A") + index))
    target = {**_kept(made, _KEPT_OF_TARGET), "datasource": source}
    if panel.source == LOKI:
        return {**target, "queryType": "range"}
    instant = panel.kind in {"stat", "table", "bargauge"}
    form = {"table": "table", "heatmap": "heatmap"}.get(panel.kind, "time_series")
    return {**target, "format": form, "instant": instant, "range": not instant}


def _defaults(panel: Panel, language: Language) -> dict[str, Any]:
    if panel.kind == "logs":
        return {"noValue": _NOTHING[language]} if panel.empty_is_good else {}
    steps = [
        {"color": panel.below, "value": None},
        *({"color": color, "value": float(value)} for value, color in panel.steps),
    ]
    custom = field_settings(panel.kind, stacked=panel.stacked, with_lines=bool(panel.steps))
    return {
        "unit": panel.unit,
        **({"noValue": _NOTHING[language]} if panel.empty_is_good else {}),
        **({"decimals": panel.decimals} if panel.decimals is not None else {}),
        **({"min": 0, "max": panel.maximum} if panel.maximum is not None else {}),
        "color": {"mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"},
        "thresholds": {"mode": "absolute", "steps": steps},
        "mappings": [_words(panel, language)] if panel.words else [],
        **({"custom": custom} if custom else {}),
    }


def _words(panel: Panel, language: Language) -> dict[str, Any]:
    options = {
        str(word.value): {"text": word.text[language], "color": word.color, "index": index}
        for index, word in enumerate(panel.words)
    }
    return {"type": "value", "options": options}

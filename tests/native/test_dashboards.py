"""Dashboards: every query parses, every source is provisioned, nothing overlaps."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from tests.native.conftest import rendered

FILES = rendered("*/*/wsl/etc/grafana/dashboards/*.json")


def name(path: Path) -> str:
    return f"{path.parts[-7]}/{path.stem}"


def read(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_promql_expression_parses(path: Path) -> None:
    for panel in read(path)["panels"]:
        for target in panel.get("targets", ()):
            if target["datasource"]["type"] == "prometheus":
                promql_parser.parse(target["expr"].replace("$__rate_interval", "5m"))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_source_is_provisioned(path: Path) -> None:
    sources = yaml.safe_load((path.parents[1] / "provisioning/datasources/flatnet-ops.yaml").read_text("utf-8"))
    known = {(source["type"], source["uid"]) for source in sources["datasources"]}
    board = read(path)
    used = [panel["datasource"] for panel in board["panels"] if panel["type"] != "text"]
    used += [target["datasource"] for panel in board["panels"] for target in panel.get("targets", ())]
    used += [variable["datasource"] for variable in board["templating"]["list"] if "datasource" in variable]
    assert used
    assert {(source["type"], source["uid"]) for source in used} <= known


@pytest.mark.parametrize("path", FILES, ids=name)
def test_panels_have_a_place_of_their_own(path: Path) -> None:
    panels = read(path)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert panel["type"] == "text" or panel["description"]
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert apart or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_variable_is_used(path: Path) -> None:
    board = read(path)
    expressions = " ".join(target["expr"] for panel in board["panels"] for target in panel.get("targets", ()))
    for variable in board["templating"]["list"]:
        assert f"${variable['name']}" in expressions, variable["name"]


def test_uids_are_unique_in_an_environment() -> None:
    for environment in {path.parts[-7] for path in FILES}:
        uids = [read(path)["uid"] for path in FILES if path.parts[-7] == environment]
        assert len(set(uids)) == len(uids) == 7

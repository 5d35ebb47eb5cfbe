"""The dashboards say what the environment says."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from generators import grafana
from generators.grafana.adapter import dashboard
from generators.grafana.panel import Board, Panel, Query, row, t
from model.catalogue import CatalogueFile
from model.cni import Cni
from model.deployment import Deployment
from model.loader import load
from tests.conftest import ROOT

FOLDER = "wsl/etc/grafana/dashboards"


def boards(deployment: Deployment) -> dict[str, dict[str, Any]]:
    files = {file.tree_path: file.content for file in grafana.generate(deployment)}
    return {Path(path).stem: json.loads(content) for path, content in files.items() if FOLDER in path}


def panel(board: dict[str, Any], title: str) -> dict[str, Any]:
    found = [panel for panel in board["panels"] if panel["title"] == title]
    assert len(found) == 1
    return dict(found[0])


def steps(found: dict[str, Any]) -> list[tuple[float | None, str]]:
    return [(step["value"], step["color"]) for step in found["fieldConfig"]["defaults"]["thresholds"]["steps"]]


def test_all_lands_on_the_monitoring_host(deployment: Deployment) -> None:
    host = deployment.environment.monitoring_host.name
    files = list(grafana.generate(deployment))
    assert all(file.tree_path.startswith(f"{host}/wsl/etc/grafana/") for file in files)
    assert len(files) == 10


def test_two_renders_are_the_same(production: Deployment) -> None:
    assert list(grafana.generate(production)) == list(grafana.generate(production))


def test_a_threshold_moves_its_lines(catalogue: tuple[CatalogueFile, ...], tmp_path: Path) -> None:
    for source in (ROOT / "environments").glob("*/*.yaml"):
        target = tmp_path / source.parent.name / source.name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(source.read_bytes())
    (tmp_path / "multi-host" / "more.yaml").write_text(
        "alerts: {thresholds: {disk_critical: 93.5}}\n", encoding="utf-8"
    )
    changed = load(tmp_path, "multi-host", catalogue)
    assert changed is not None
    found = panel(boards(changed)["hosts"], "Disks of WSL")
    assert steps(found) == [(None, "green"), (80.0, "orange"), (93.5, "red")]


def test_titles_are_in_the_language_of_the_environment(production: Deployment, multi_host: Deployment) -> None:
    assert boards(production)["overview"]["title"] == "Flatnet: 全体"
    assert boards(multi_host)["overview"]["title"] == "Flatnet: Overview"
    assert boards(production)["overview"]["timezone"] == "Asia/Tokyo"


def test_an_unobserved_plugin_says_so(multi_host: Deployment) -> None:
    environment = multi_host.environment.model_copy(update={"cni": Cni(observe=False)})
    blind = boards(dataclasses.replace(multi_host, environment=environment))["cni"]
    assert panel(blind, "Operations are not observed")["type"] == "text"
    assert "Operations" not in {found["title"] for found in blind["panels"]}
    assert "Operations" in {found["title"] for found in boards(multi_host)["cni"]["panels"]}


def test_each_objective_has_its_panels(deployment: Deployment) -> None:
    found = json.dumps(boards(deployment)["objectives"])
    for objective in deployment.environment.objectives.values():
        for window in (str(objective.window), *(burn.long for burn in objective.burn_windows)):
            assert f"site:{objective.record}_errors:ratio_rate{window}" in found
        for burn in objective.burn_windows:
            assert f'"value": {burn.factor}' in found


def _small(*widths: int) -> Board:
    number = Query("up", "{{job}}")
    panels = [
        Panel("stat", t(f"p{index}", f"p{index}"), t("d", "d"), (number,), width=width, height=4 + index)
        for index, width in enumerate(widths)
    ]
    return Board("flatnet-test", t("Test", "テスト"), (row("r", "r"), *panels))


@pytest.mark.parametrize(
    ("widths", "places"),
    [
        ((12, 12), [(0, 1), (12, 1)]),
        ((8, 8, 12), [(0, 1), (8, 1), (0, 6)]),  # below the taller of the two
        ((24, 6), [(0, 1), (0, 5)]),
    ],
)
def test_panels_flow_from_left_to_right(widths: tuple[int, ...], places: list[tuple[int, int]]) -> None:
    made = dashboard(_small(*widths), "en", "Asia/Tokyo", "13.2.3")
    assert [(found["gridPos"]["x"], found["gridPos"]["y"]) for found in made["panels"][1:]] == places
    assert [found["id"] for found in made["panels"]] == list(range(1, len(widths) + 2))


def test_nothing_of_the_old_schema_is_left(deployment: Deployment) -> None:
    for board in boards(deployment).values():
        assert board["schemaVersion"] == 42
        assert not board.keys() & {"rows", "hideControls", "style", "sharedCrosshair", "__inputs", "id", "version"}
        for found in board["panels"]:
            assert not found.keys() & {"span", "nullPointMode", "renderer", "editable", "error"}

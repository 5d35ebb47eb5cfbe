"""What Grafana would read: judged by its own published types, by Prometheus' and Loki's grammars, and as a whole."""

from __future__ import annotations

import configparser
import copy
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from model.monitoring import Monitoring
from tests.conftest import Programs
from tests.native.conftest import rendered
from tests.native.grafana_types import judge as judge_by_types
from tools import grafana_schema
from tools.grafana_schema import Types

FILES = rendered("*/*/wsl/etc/grafana/dashboards/*.json")
CONFIGURATIONS = rendered("*/*/wsl/etc/grafana/grafana.ini")
VARIABLE = r"\$([A-Za-z_]\w*)"  # `$1` is a group of label_replace
# Names that Grafana itself fills in; the others are variables of the dashboard.
BUILT_IN = {"__rate_interval": "5m", "__auto": "5m"}
Board = dict[str, Any]


def name(path: Path) -> str:
    return f"{path.parts[-7]}/{path.stem}"


def read(path: Path) -> Board:
    found = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def drawn(board: Board) -> list[Board]:
    """Panels that show data."""
    return [panel for panel in board["panels"] if panel["type"] not in {"row", "text"}]


def expressions(board: Board, source: str) -> Iterator[str]:
    for panel in drawn(board):
        yield from (target["expr"] for target in panel["targets"] if target["datasource"]["type"] == source)


def filled(expression: str) -> str:
    return re.sub(VARIABLE, lambda match: BUILT_IN.get(match[1], "chosen"), expression)


@pytest.fixture(scope="module")
def types(request: pytest.FixtureRequest) -> Types:
    found = grafana_schema.find()
    if found is None:
        message = "Grafana's types are not installed; `make tools` installs them"
        if request.config.getoption("--all-programs"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def test_the_types_are_those_of_the_deployed_grafana() -> None:
    lock = json.loads((grafana_schema.PINS / "package-lock.json").read_text(encoding="utf-8"))
    assert lock["packages"]["node_modules/@grafana/schema"]["version"] == Monitoring().grafana.image.version


def test_no_pin_names_a_registry() -> None:
    for path in sorted(grafana_schema.PINS.iterdir()):
        assert "://" not in path.read_text(encoding="utf-8"), path
    lock = json.loads((grafana_schema.PINS / "package-lock.json").read_text(encoding="utf-8"))
    packages = {place: package for place, package in lock["packages"].items() if place}
    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())


def test_grafanas_types_accept_every_dashboard(types: Types, tmp_path: Path) -> None:
    assert judge_by_types(types, {name(path): read(path) for path in FILES}, tmp_path) == ""


def _old_key(board: Board) -> None:
    board["hideControls"] = False


def _text_for_number(board: Board) -> None:
    drawn(board)[0]["gridPos"]["w"] = "8"


def _no_such_word(board: Board) -> None:
    lines = next(panel for panel in drawn(board) if panel["type"] == "timeseries")
    lines["options"]["legend"]["placement"] = "left"


def _no_such_option(board: Board) -> None:
    lines = next(panel for panel in drawn(board) if panel["type"] == "timeseries")
    lines["fieldConfig"]["defaults"]["custom"]["lineWeight"] = 1


def _missing_option(board: Board) -> None:
    table = next(panel for panel in drawn(board) if panel["type"] == "table")
    del table["options"]["showHeader"]


@pytest.mark.parametrize(
    "spoil",
    [_old_key, _text_for_number, _no_such_word, _no_such_option, _missing_option],
    ids=lambda spoil: spoil.__name__,
)
def test_grafanas_types_refuse_a_mistake(types: Types, tmp_path: Path, spoil: Callable[[Board], None]) -> None:
    board = copy.deepcopy(read(next(path for path in FILES if path.stem == "overview")))
    spoil(board)
    assert "error TS" in judge_by_types(types, {"overview": board}, tmp_path)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_promql_expression_parses(path: Path) -> None:
    for expression in expressions(read(path), "prometheus"):
        promql_parser.parse(filled(expression))


def test_every_logql_expression_parses(program: Programs) -> None:
    found = [filled(expression) for path in FILES for expression in expressions(read(path), "loki")]
    assert found
    lines = "".join(json.dumps(expression) + "\n" for expression in found)
    done = subprocess.run([program("logql")], input=lines, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_logql_expression_names_a_stream_by_a_label_that_equals(program: Programs) -> None:
    for path in FILES:
        for expression in expressions(read(path), "loki"):
            assert re.search(r'[{,] ?(kind|level)="', expression), expression


@pytest.mark.parametrize("path", FILES, ids=name)
def test_rates_fit_the_scrape_interval(path: Path) -> None:
    for expression in expressions(read(path), "prometheus"):
        for function, selected in re.findall(r"\b(rate|irate)\([^()]*\[([^\]]+)\]", expression):
            assert selected == "$__rate_interval", f"{function} over {selected}: {expression}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_source_is_provisioned(path: Path) -> None:
    sources = yaml.safe_load((path.parents[1] / "provisioning/datasources/flatnet-ops.yaml").read_text("utf-8"))
    known = {(source["type"], source["uid"]) for source in sources["datasources"]}
    board = read(path)
    used = [panel["datasource"] for panel in drawn(board)]
    used += [target["datasource"] for panel in drawn(board) for target in panel["targets"]]
    used += [variable["datasource"] for variable in board["templating"]["list"] if "datasource" in variable]
    assert used
    assert {(source["type"], source["uid"]) for source in used} <= known


@pytest.mark.parametrize("path", FILES, ids=name)
def test_panels_have_a_place_of_their_own(path: Path) -> None:
    panels = read(path)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert apart or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]


@pytest.mark.parametrize("path", FILES, ids=name)
def test_panels_fill_their_line(path: Path) -> None:
    lines: dict[int, int] = {}
    for panel in read(path)["panels"]:
        lines[panel["gridPos"]["y"]] = lines.get(panel["gridPos"]["y"], 0) + panel["gridPos"]["w"]
    assert set(lines.values()) == {24}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_panels_say_what_they_show(path: Path) -> None:
    for panel in drawn(read(path)):
        assert panel["description"], panel["title"]
        assert panel["type"] == "logs" or panel["fieldConfig"]["defaults"]["unit"], panel["title"]


@pytest.mark.parametrize("path", FILES, ids=name)
def test_variables_are_defined_and_used(path: Path) -> None:
    board = read(path)
    every = " ".join((*expressions(board, "prometheus"), *expressions(board, "loki")))
    defined = {variable["name"] for variable in board["templating"]["list"]}
    assert defined == set(re.findall(VARIABLE, every)) - set(BUILT_IN)
    for variable in board["templating"]["list"]:
        assert variable["type"] == "textbox" or variable["allValue"]


def test_dashboards_are_unique_in_an_environment() -> None:
    for environment in {path.parts[-7] for path in FILES}:
        boards = [read(path) for path in FILES if path.parts[-7] == environment]
        for key in ("uid", "title"):
            assert len({board[key] for board in boards}) == len(boards) == 7


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.parts[-6])
def test_nobody_is_let_in_and_nothing_is_told_outside(path: Path) -> None:
    read_ini = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=None, strict=True)
    read_ini.read(path, encoding="utf-8")
    said = {(section, key): value for section in read_ini.sections() for key, value in read_ini[section].items()}
    assert said["server", "http_addr"] == "127.0.0.1"
    assert said["server", "root_url"].startswith("https://")
    for refused in (
        ("auth.anonymous", "enabled"),
        ("auth.basic", "enabled"),
        ("users", "allow_sign_up"),
        ("public_dashboards", "enabled"),
        ("snapshots", "enabled"),
        ("cloud_migration", "enabled"),
        ("analytics", "reporting_enabled"),
        ("analytics", "check_for_updates"),
        ("analytics", "check_for_plugin_updates"),
        ("analytics", "feedback_links_enabled"),
        ("news", "news_feed_enabled"),
        ("plugins", "plugin_admin_enabled"),
        ("unified_alerting", "execute_alerts"),
    ):
        assert said[refused] == "false", refused
    for secret in ("admin_password", "secret_key"):
        assert re.fullmatch(r"\$__file\{/etc/flatnet-ops/secrets/[a-z-]+\}", said["security", secret])
    home = said["dashboards", "default_home_dashboard_path"]
    assert (path.parents[2] / home.removeprefix("/")).exists()

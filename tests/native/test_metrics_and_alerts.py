"""promtool, amtool and the blackbox exporter judge what is rendered for them."""

from __future__ import annotations

import json
from pathlib import Path

import promql_parser
import pytest
import yaml

from model.deployment import Deployment
from model.rules.delivery import receivers_by_hours
from tests.conftest import ROOT, Programs
from tests.native.conftest import Judge, rendered


def of(path: Path) -> str:
    return "/".join(path.relative_to(ROOT / "rendered").parts[:2])


@pytest.mark.parametrize("path", rendered("*/*/wsl/etc/prometheus/prometheus.yml"), ids=of)
def test_promtool_takes_the_configuration(path: Path, program: Programs, judge: Judge, tmp_path: Path) -> None:
    """With the files that it names: its folder and the secrets, which promtool looks for, lie in a scratch root."""
    text = path.read_text(encoding="utf-8").replace("/etc/prometheus", str(path.parent))
    scratch = tmp_path / "prometheus.yml"
    scratch.write_text(text.replace("/etc/flatnet-ops/secrets", str(tmp_path)), encoding="utf-8")
    for job in yaml.safe_load(text)["scrape_configs"]:
        for name in [
            *([job["authorization"]["credentials_file"]] if "authorization" in job else []),
            *([job["tls_config"]["ca_file"]] if "tls_config" in job else []),
        ]:
            (tmp_path / Path(name).name).write_text("", encoding="utf-8")
    said = judge([program("promtool"), "check", "config", "--lint=all", scratch])
    assert "rules found" in said


@pytest.mark.parametrize("path", rendered("*/*/wsl/etc/prometheus/rules/*.yml"), ids=lambda p: f"{of(p)}/{p.name}")
def test_promtool_takes_the_rules(path: Path, program: Programs, judge: Judge) -> None:
    judge([program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", path])


@pytest.mark.parametrize("path", rendered("*/*/wsl/etc/prometheus/web.yml"), ids=of)
def test_promtool_takes_the_web_configuration(path: Path, program: Programs, judge: Judge) -> None:
    judge([program("promtool"), "check", "web-config", path])


@pytest.mark.parametrize("folder", rendered("*/*/wsl/etc/prometheus/tests"), ids=of)
def test_every_alert_fires_when_it_must_and_only_then(folder: Path, program: Programs, judge: Judge) -> None:
    judge([program("promtool"), "test", "rules", *sorted(folder.glob("*.yml"))])


@pytest.mark.parametrize("path", rendered("*/*/wsl/etc/prometheus/rules/*.yml"), ids=lambda p: f"{of(p)}/{p.name}")
def test_every_expression_is_promql(path: Path) -> None:
    expressions = [
        rule["expr"] for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]
    ]
    assert expressions
    for expression in expressions:
        promql_parser.parse(expression)


@pytest.mark.parametrize("path", rendered("*/*/wsl/etc/alertmanager/alertmanager.yml"), ids=of)
def test_amtool_takes_the_configuration(path: Path, program: Programs, judge: Judge, tmp_path: Path) -> None:
    scratch = tmp_path / "alertmanager.yml"
    text = path.read_text(encoding="utf-8").replace("/etc/alertmanager", str(path.parent))
    scratch.write_text(text, encoding="utf-8")
    said = judge([program("amtool"), "check-config", "--enable-feature=utf8-strict-mode", scratch])
    assert "1 templates" in said


@pytest.mark.parametrize("path", rendered("*/laptop/alertmanager.yml"), ids=of)
def test_amtool_takes_the_configuration_of_a_laptop(path: Path, program: Programs, judge: Judge) -> None:
    said = judge([program("amtool"), "check-config", "--enable-feature=utf8-strict-mode", path])
    assert "1 receivers" in said
    told = judge([program("amtool"), "config", "routes", "test", f"--config.file={path}", "severity=critical"])
    assert told.strip() == "nobody"


def test_every_alert_is_routed_as_the_handbook_says(deployment: Deployment, program: Programs, judge: Judge) -> None:
    """amtool knows nothing of hours: it names every receiver that an alert reaches at some hour."""
    host = deployment.environment.monitoring_host.name
    path = ROOT / "rendered" / deployment.name / host / "wsl/etc/alertmanager/alertmanager.yml"
    for labels in {json.dumps(alert.labels, sort_keys=True) for alert in deployment.alerts}:
        words = [f"{name}={value}" for name, value in json.loads(labels).items()]
        said = judge([program("amtool"), "config", "routes", "test", f"--config.file={path}", *words])
        hours = receivers_by_hours(deployment.environment, json.loads(labels))
        assert set(said.strip().split(",")) == {name for names in hours.values() for name in names}


@pytest.mark.parametrize("path", rendered("*/*/wsl/etc/blackbox_exporter/blackbox.yml"), ids=of)
def test_the_blackbox_exporter_takes_its_modules(path: Path, program: Programs, judge: Judge, tmp_path: Path) -> None:
    (tmp_path / "ca-certificate").write_bytes(b"")
    scratch = tmp_path / "blackbox.yml"
    text = path.read_text(encoding="utf-8").replace("/etc/flatnet-ops/secrets", str(tmp_path))
    scratch.write_text(text, encoding="utf-8")
    judge([program("blackbox_exporter"), "--config.check", f"--config.file={scratch}"])

"""Another threshold needs no other test: the unit tests of every alert follow it, lower and higher."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from generators.registry import GENERATORS
from model.catalogue import CatalogueFile
from model.deployment import Deployment
from model.loader import load
from model.thresholds import Thresholds
from tests.conftest import ROOT, Programs
from tests.native.conftest import Judge

LOWER: dict[str, object] = {
    "gateway_error_ratio": 1,
    "gateway_latency_p95": "2s",
    "gateway_connections": 40,
    "gateway_dict_used": 33,
    "gateway_error_burst": 1,
    "disk_warning": 30,
    "disk_critical": 31,
    "windows_disk_warning": 20,
    "windows_disk_critical": 25.5,
    "disk_full_in": "8h",
    "memory_used": 1,
    "windows_memory_used": 2,
    "clock_skew": "1s",
    "windows_clock_skew": "1s",
    "certificate_warning": "2d",
    "certificate_critical": "1d",
    "restarts": 1,
    "address_pool_used": 10,
    "cni_failure_ratio": 2,
    "cni_add_failures": 1,
    "log_volume_factor": 1.5,
    "loki_error_ratio": 1,
    "authentication_failures": 1,
    "backup_age": "25h",
    "restore_drill_age": "31d",
    "windows_task_age": "61m",
    "wsl_restarts": 2,
}
HIGHER: dict[str, object] = {
    "gateway_error_ratio": 99,
    "gateway_latency_p95": "90s",
    "gateway_connections": 99,
    "gateway_dict_used": 99,
    "gateway_error_burst": 5000,
    "disk_warning": 98,
    "disk_critical": 99,
    "windows_disk_warning": 98,
    "windows_disk_critical": 99,
    "disk_full_in": "14d",
    "memory_used": 99,
    "windows_memory_used": 99,
    "clock_skew": "30s",
    "windows_clock_skew": "10m",
    "certificate_warning": "29d",
    "certificate_critical": "28d",
    "restarts": 30,
    "address_pool_used": 99,
    "cni_failure_ratio": 99,
    "cni_add_failures": 900,
    "log_volume_factor": 20,
    "loki_error_ratio": 99,
    "authentication_failures": 900,
    "backup_age": "9d",
    "restore_drill_age": "120d",
    "windows_task_age": "12h",
    "wsl_restarts": 30,
}
OVERRIDES = {"lower": LOWER, "higher": HIGHER}


def overridden(name: str, folder: Path, catalogue: tuple[CatalogueFile, ...]) -> Deployment:
    """The production environment with every threshold another."""
    shutil.copytree(ROOT / "environments", folder / "environments", ignore=shutil.ignore_patterns("multi-host"))
    path = folder / "environments" / "policies" / "policies.yaml"
    policies = yaml.safe_load(path.read_text(encoding="utf-8"))
    policies["alerts"]["thresholds"] = OVERRIDES[name]
    path.write_text(yaml.safe_dump(policies, allow_unicode=True), encoding="utf-8")
    deployment = load(folder / "environments", "production", catalogue)
    assert deployment is not None
    return deployment


@pytest.mark.parametrize("name", OVERRIDES)
def test_every_threshold_is_another(name: str) -> None:
    chosen, usual = Thresholds.model_validate(OVERRIDES[name]), Thresholds()
    assert OVERRIDES[name].keys() == Thresholds.model_fields.keys()
    assert not [field for field in Thresholds.model_fields if getattr(chosen, field) == getattr(usual, field)]


@pytest.mark.parametrize("name", OVERRIDES)
def test_the_unit_tests_follow_their_threshold(
    name: str, tmp_path: Path, catalogue: tuple[CatalogueFile, ...], program: Programs, judge: Judge
) -> None:
    promtool = program("promtool")
    deployment = overridden(name, tmp_path, catalogue)
    pages = {
        alert.page
        for alert in deployment.alerts
        if "<< thresholds." in (ROOT / f"alerts/{alert.page}.yaml").read_text()
    }
    for file in GENERATORS["prometheus"](deployment):
        path = tmp_path / "rendered" / file.tree_path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.content, encoding="utf-8")
    tests = [path for path in sorted((tmp_path / "rendered").rglob("tests/*.yml")) if path.stem in pages]
    assert len(tests) > 15
    judge([promtool, "test", "rules", *tests])

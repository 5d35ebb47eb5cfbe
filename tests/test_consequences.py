"""One edit changes what it must, and nothing else."""

from __future__ import annotations

import difflib
import shutil
from pathlib import Path

import pytest
import yaml

from generators.tree import render
from model.catalogue import CatalogueFile
from model.loader import load_all
from tests.conftest import ROOT

WSL = "wsl/etc"


@pytest.fixture
def environments(tmp_path: Path) -> Path:
    folder = tmp_path / "environments"
    shutil.copytree(ROOT / "environments", folder)
    return folder


def rendered(environments: Path, catalogue: tuple[CatalogueFile, ...]) -> dict[str, bytes]:
    return {
        f"{deployment.name}/{path}": content
        for deployment in load_all(environments, catalogue)
        for path, content in render(deployment).items()
    }


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def of_disk_threshold(environment: str, host: str) -> set[str]:
    """The files in which the threshold of DiskAlmostFull shows."""
    return {
        f"{environment}/manifest.json",
        f"{environment}/{host}/{WSL}/prometheus/rules/DiskAlmostFull.yml",
        f"{environment}/{host}/{WSL}/prometheus/tests/DiskAlmostFull.yml",
        f"{environment}/{host}/{WSL}/grafana/dashboards/hosts.json",
        f"{environment}/{host}/{WSL}/grafana/dashboards/overview.json",
        *(f"{environment}/handbook/{language}/alerts.md" for language in ("en", "ja")),
        *(f"{environment}/handbook/{language}/runbooks/DiskAlmostFull.md" for language in ("en", "ja")),
    }


def test_a_threshold_of_one_environment(environments: Path, catalogue: tuple[CatalogueFile, ...]) -> None:
    before = rendered(environments, catalogue)
    path = environments / "production" / "operations.yaml"
    text = path.read_text(encoding="utf-8") + "\nalerts: {thresholds: {disk_critical: 93}}\n"
    path.write_text(text, encoding="utf-8")
    assert changed(before, rendered(environments, catalogue)) == of_disk_threshold("production", "tokyo-1")


def test_a_threshold_of_the_policies_reaches_every_environment(
    environments: Path, catalogue: tuple[CatalogueFile, ...]
) -> None:
    before = rendered(environments, catalogue)
    path = environments / "policies" / "policies.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("disk_critical: 90", "disk_critical: 93"), encoding="utf-8"
    )
    expected = of_disk_threshold("production", "tokyo-1") | of_disk_threshold("multi-host", "osaka-1")
    assert changed(before, rendered(environments, catalogue)) == expected


def test_only_the_one_rule_of_the_rules_file_changes(environments: Path, catalogue: tuple[CatalogueFile, ...]) -> None:
    before = rendered(environments, catalogue)
    path = environments / "policies" / "policies.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("disk_critical: 90", "disk_critical: 93"), encoding="utf-8"
    )
    file = f"production/tokyo-1/{WSL}/prometheus/rules/DiskAlmostFull.yml"
    after = rendered(environments, catalogue)
    old, new = (
        {rule["alert"]: rule for group in yaml.safe_load(tree[file])["groups"] for rule in group["rules"]}
        for tree in (before, after)
    )
    assert {name for name in old if old[name] != new[name]} == {"DiskAlmostFull"}
    lines = list(difflib.ndiff(before[file].decode().splitlines(), after[file].decode().splitlines()))
    assert len([line for line in lines if line.startswith("+ ")]) <= 2  # the expression and the description

"""The house keeps its plan: which package may import which, and what no file may hold."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Which of our packages each one may import.
ARROWS = {
    "model": set(),
    "generators": {"model"},
    "cli": {"generators", "model"},
    "metrics": set(),
    "tools": set(),
    "benchmarks": {"cli", "generators", "model", "tools"},
}
LONGEST_MODULE = 300


def tracked(pattern: str = "") -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "-z", pattern or "."], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", sorted(ARROWS))
def test_no_arrow_runs_back(package: str) -> None:
    modules = [path for path in (ROOT / package).rglob("*.py") if "host" not in path.relative_to(ROOT).parts]
    assert modules
    forbidden = (set(ARROWS) | {"tests"}) - ARROWS[package] - {package}
    found = {f"{path.relative_to(ROOT)} imports {name}" for path in modules for name in imports(path) & forbidden}
    assert found == set()


@pytest.mark.parametrize("generator", sorted(path.parent.name for path in (ROOT / "generators").glob("*/__init__.py")))
def test_no_generator_reaches_into_another(generator: str) -> None:
    others = {path.parent.name for path in (ROOT / "generators").glob("*/__init__.py")} - {generator}
    for path in (ROOT / "generators" / generator).rglob("*.py"):
        for other in others:
            assert f"generators.{other}" not in path.read_text(encoding="utf-8"), f"{path} reaches into {other}"


def test_what_tests_share_stands_beside_them() -> None:
    """The proof takes a test as run until its module changes, or one that is no test's; so none imports a test."""
    every = (ROOT / "tests").rglob("*.py")
    sharing = [path for path in every if path.parent.name == "prove" or not path.name.startswith("test_")]
    assert len(sharing) > 50
    reaching = re.compile(r"^from tests\.[a-z_.]*\btest_", re.MULTILINE)
    assert [path.name for path in sharing if reaching.search(path.read_text(encoding="utf-8"))] == []


def test_modules_hold_one_thing() -> None:
    long = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for package in ARROWS
        for path in (ROOT / package).rglob("*.py")
    }
    assert {name: lines for name, lines in long.items() if lines > LONGEST_MODULE} == {}


def test_no_file_names_a_package_registry_or_a_path_of_this_machine() -> None:
    registries = [
        "py" + "pi",
        "python" + "hosted",
        "npm" + "js",
        "registry.np" + "m",
        "go" + "proxy",
        "proxy.go" + "lang",
    ]
    registries += ["deb." + "debian", "archive." + "ubuntu", "crates" + ".io", "rubygems" + ".org"]
    pattern = re.compile("|".join(re.escape(name) for name in registries) + "|/work" + "/|/root" + "/\\.")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        if path.suffix not in {".png"}
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if pattern.search(line)
    ]
    assert found == []


def test_python_that_lands_on_hosts_is_linted_and_not_forgotten() -> None:
    scripts = {
        path
        for path in tracked("generators/*/host/*")
        if path.suffix == ".py" or path.read_bytes().split(b"\n")[0].startswith(b"#!/usr/bin/python3")
    }
    assert scripts
    shown = subprocess.run(
        [ROOT / ".venv/bin/ruff", "check", "--show-files", "generators"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert scripts <= {Path(line) for line in shown.stdout.splitlines()}, "name it in pyproject.toml, extend-include"
    for path in scripts:
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 12))


def test_every_attribute_of_git_is_for_a_file_that_there_is() -> None:
    lines = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    patterns = [line.split()[0].removeprefix("/") for line in lines if line and not line.startswith("#")]
    assert patterns
    assert [pattern for pattern in patterns if not tracked(pattern)] == []


def test_line_ends_are_kept_with_autocrlf(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(
        [
            "git",
            "-c",
            "core.autocrlf=true",
            "clone",
            "--quiet",
            "--config",
            "core.autocrlf=true",
            str(ROOT),
            str(clone),
        ],
        check=True,
    )
    for path in (clone / "rendered").rglob("*"):
        if path.is_file():
            committed = ROOT / path.relative_to(clone)
            assert path.read_bytes() == committed.read_bytes() or not committed.exists(), path
    for path in [*(clone / "environments").rglob("*.yaml"), clone / "Makefile", clone / "tools" / "setup.sh"]:
        assert b"\r" not in path.read_bytes(), path

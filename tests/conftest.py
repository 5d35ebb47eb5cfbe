"""Deployments of the committed environments, and the real programs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from model.catalogue import CatalogueFile, read_catalogue
from model.deployment import Deployment
from model.loader import load
from tools import programs

ROOT = Path(__file__).parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record", action="store_true", help="write what programs print now into the files that tests compare with"
    )
    parser.addoption("--all-programs", action="store_true", help="fail, instead of skip, where a program is missing")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What of the rules the tests of alerts hold, one line for each environment."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.getreports(kind)]
    told = [value for one in reports for name, value in one.user_properties if name == "held by tests"]
    if told:
        terminalreporter.section("held by tests of alerts")
    for line in sorted(told):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def catalogue() -> tuple[CatalogueFile, ...]:
    return read_catalogue(ROOT / "alerts")


def _deployment(name: str, catalogue: tuple[CatalogueFile, ...]) -> Deployment:
    deployment = load(ROOT / "environments", name, catalogue)
    assert deployment is not None
    return deployment


@pytest.fixture(scope="session")
def production(catalogue: tuple[CatalogueFile, ...]) -> Deployment:
    return _deployment("production", catalogue)


@pytest.fixture(scope="session")
def multi_host(catalogue: tuple[CatalogueFile, ...]) -> Deployment:
    return _deployment("multi-host", catalogue)


@pytest.fixture(params=["multi-host", "production"])
def deployment(request: pytest.FixtureRequest, production: Deployment, multi_host: Deployment) -> Deployment:
    """Each committed environment in turn."""
    return production if request.param == "production" else multi_host


class Programs:
    """The real programs; asking for one that is not built skips the test, or fails it with `--all-programs`."""

    def __init__(self, required: bool) -> None:
        self.required = required

    def __call__(self, name: str) -> Path:
        found = programs.find(name)
        if found is None:
            message = f"{name} is not built; `make tools` builds it"
            if self.required:
                pytest.fail(message)
            pytest.skip(message)
        return found


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest) -> Programs:
    return Programs(request.config.getoption("--all-programs"))


@pytest.fixture(scope="session")
def debian_program(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """The path of a program of Debian's; missing, it skips the test, or fails it with `--all-programs`."""

    def find(name: str) -> str:
        found = shutil.which(name, path="/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin")
        if found is None:
            message = f"{name} is not installed; `make tools` installs it"
            if request.config.getoption("--all-programs"):
                pytest.fail(message)
            pytest.skip(message)
        return found

    return find

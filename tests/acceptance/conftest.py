"""One running stack for each environment, which all tests of this folder share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from model.deployment import Deployment
from tests.acceptance.scratch_host import ScratchHost
from tests.acceptance.stack import Stack, bring_up
from tests.conftest import Programs

HERE = Path(__file__).parent


@pytest.fixture(scope="session", params=["production", "multi-host"])
def stack(
    request: pytest.FixtureRequest,
    production: Deployment,
    multi_host: Deployment,
    program: Programs,
    debian_program: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    deployment = production if request.param == "production" else multi_host
    with ScratchHost(tmp_path_factory.mktemp("hosts") / deployment.name) as host:
        yield bring_up(host, deployment, program, debian_program("nginx"))


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several workers: what shares a running stack runs in one of them, and so does each module else."""
    for item in items:
        if isinstance(item, pytest.Function) and item.path.parent == HERE:
            parameters = item.callspec.params if hasattr(item, "callspec") else {}
            item.add_marker(pytest.mark.xdist_group(parameters.get("stack", item.path.stem)))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Groups that are not obeyed would start each stack in every worker: slow, and nobody would notice."""
    if session.config.getoption("loadgroup", False):
        assert all("@" in item.nodeid for item in session.items if item.path.parent == HERE)

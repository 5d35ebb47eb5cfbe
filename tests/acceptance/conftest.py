"""One running stack for each environment, which all tests of this folder share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from model.deployment import Deployment
from tests.acceptance.scratch_host import ScratchHost
from tests.acceptance.stack import Stack, bring_up
from tests.conftest import Programs


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

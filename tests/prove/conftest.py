"""The proof: what takes long, at the real intervals. `make prove` runs it; what has passed is not run again."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path

import pytest

from model.deployment import Deployment
from tests.acceptance.scratch_host import ScratchHost
from tests.acceptance.stack import Stack, installed
from tests.conftest import Programs
from tests.prove.records import Record, Row, Said, keep, passed

HERE = Path(__file__).parent
ROWS = pytest.StashKey[list[Row]]()
PHASES = pytest.StashKey[list[pytest.CallInfo[None]]]()


class Proof:
    """What a test writes into the report."""

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows

    def measured(self, fault: Said, expected: Said, measured: Said) -> None:
        """A row. Call it with what was measured, before the test judges it: the report shows failures too."""
        self._rows.append(Row(fault, expected, measured))


@pytest.fixture
def proof(request: pytest.FixtureRequest) -> Iterator[Proof]:
    rows: list[Row] = []
    request.node.stash[ROWS] = rows
    yield Proof(rows)
    assert rows, "a test of the proof measures something"


Bare = Callable[[], AbstractContextManager[Stack]]
"""A host of production's own for as long as it is wanted: installed, Windows running, no unit of WSL."""


@pytest.fixture(scope="session")
def bare(
    production: Deployment,
    program: Programs,
    debian_program: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Bare:
    @contextmanager
    def host() -> Iterator[Stack]:
        with ScratchHost(tmp_path_factory.mktemp("bare") / "host") as scratch:
            yield installed(scratch, production, program, debian_program("nginx"))

    return host


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    done = passed()
    again = [item for item in items if item.path.parent == HERE and item.nodeid in done]
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.prove)
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items[:] = [item for item in items if item not in again]
    config.hook.pytest_deselected(items=again)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    phases = item.stash.setdefault(PHASES, [])
    phases.append(call)
    if report.when == "teardown" and item.path.parent == HERE:
        rows: list[Row] = item.stash.get(ROWS, [])
        failed = next((phase.excinfo for phase in phases if phase.excinfo), None)
        section = item.getparent(pytest.Module).obj.SECTION  # type: ignore[union-attr]  # a test has a module
        assert isinstance(section, Said)
        keep(
            Record(
                test=item.nodeid.split("@")[0],  # without the group that xdist adds
                section=section,
                passed=failed is None,
                why=str(failed.value).strip().splitlines()[0][:300] if failed and str(failed.value).strip() else "",
                date=date.fromtimestamp(time.time()).isoformat(),
                seconds=round(sum(phase.duration for phase in phases), 1),
                rows=tuple(rows),
            )
        )
    return report

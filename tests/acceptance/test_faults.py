"""Faults made for real: people are told the right thing, and that alone; and again when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from model.deployment import Deployment
from tests.acceptance.breaking import make, stay_well
from tests.acceptance.faults import TOGETHER, Fault
from tests.acceptance.office import FACTOR
from tests.acceptance.rehearsal import rehearse, release
from tests.acceptance.scratch_host import ScratchHost
from tests.acceptance.stack import Stack
from tests.conftest import Programs

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def quick(
    production: Deployment,
    program: Programs,
    debian_program: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    with ScratchHost(tmp_path_factory.mktemp("faults") / production.name) as host:
        yield rehearse(host, production, program, debian_program, FACTOR)
        release(host)


def test_while_nothing_is_wrong_nothing_fires_and_nobody_is_told(quick: Stack) -> None:
    stay_well(quick, 20, 90)
    assert quick.received() == []


@pytest.mark.parametrize("faults", TOGETHER, ids=lambda faults: "; ".join(fault.name for fault in faults))
def test_people_are_told_of_the_fault_and_of_nothing_else(quick: Stack, faults: Sequence[Fault]) -> None:
    for one in make(quick, faults, 120):
        for name, moment in one.told.items():
            over = one.ended[name] - one.mended
            print(f"{one.fault.name}: {name} after {moment - one.began:.1f} s, over after {over:.1f} s")
    stay_well(quick, 3, 120)

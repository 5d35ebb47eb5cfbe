"""Faults at the real intervals: from the fault to the message, and to the message that it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from model.bilingual import in_words
from model.deployment import Deployment
from model.promise import promise
from model.values import DurationValue
from tests.acceptance.breaking import alert_of, make, stay_well
from tests.acceptance.faults import TOGETHER, Fault
from tests.acceptance.rehearsal import rehearse, release
from tests.acceptance.scratch_host import ScratchHost
from tests.acceptance.stack import Stack
from tests.conftest import Programs
from tests.prove.conftest import Proof
from tests.prove.records import Said

SECTION = Said("Faults, and whom they tell", "障害と通知")
# Alertmanager's own way from a group that is due to the last answer of those that it tells.
SENDING = 10
MINUTE = 60


@pytest.fixture
def real(
    production: Deployment, program: Programs, debian_program: Callable[[str], str], tmp_path: Path
) -> Iterator[Stack]:
    """A host for each test: the stand-in for Windows says once when its tasks ran, too long ago after an hour."""
    with ScratchHost(tmp_path / production.name) as host:
        stack = rehearse(host, production, program, debian_program, 1)
        stay_well(stack, MINUTE, 8 * MINUTE)
        yield stack
        release(host)


def test_while_nothing_is_wrong_nobody_is_told(real: Stack, proof: Proof) -> None:
    try:
        stay_well(real, 3 * MINUTE, 3 * MINUTE + SENDING)
        said = Said("no condition of any alert held, and no message came", "条件が成立したアラートも、届いた通知もなし")
    except AssertionError as error:
        said = Said(str(error), str(error))
        raise
    finally:
        proof.measured(
            Said("nothing, for 3 minutes", "何もせずに 3 分間待つ"),
            Said("no alert is even pending", "保留中のアラートも出ない"),
            said,
        )
    assert real.received() == []


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(
            faults, id="; ".join(fault.name for fault in faults), marks=pytest.mark.xdist_group(faults[0].name)
        )
        for faults in TOGETHER  # side by side
    ],
)
def test_people_are_told_in_time_and_of_nothing_else(real: Stack, faults: Sequence[Fault], proof: Proof) -> None:
    late = []
    try:
        found = make(real, faults, 30 * MINUTE)
    except AssertionError as error:
        why = str(error).splitlines()[0]
        for fault in faults:
            proof.measured(
                fault.what,
                Said(f"{_names(fault.told)}, and nothing else", f"{_names(fault.told)} だけが届く"),
                Said(why, why),
            )
        raise
    for one in found:
        for name, moment in sorted(one.told.items()):
            promised = promise(alert_of(real, name), real.deployment).within
            took, over = moment - one.began, one.ended[name] - one.mended
            proof.measured(
                one.fault.what,
                Said(
                    f"`{name}` within {in_words(promised, 'en')}, and nothing else",
                    f"{in_words(promised, 'ja')}以内に `{name}` だけが届く",
                ),
                _measured(took, over, one.hidden),
            )
            if took > promised.seconds + SENDING:
                late.append(f"{name} after {took:.0f} s, promised within {promised}")
    assert late == []
    stay_well(real, MINUTE, 15 * MINUTE)


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _measured(took: float, over: float, hidden: set[str]) -> Said:
    told, ended = DurationValue(round(took)), DurationValue(round(over))
    names = _names(hidden)
    en = f"after {in_words(told, 'en')}; over {in_words(ended, 'en')} after the repair"
    ja = f"{in_words(told, 'ja')}後に到着、修復の {in_words(ended, 'ja')}後に復旧通知"
    return Said(en + f"; hidden: {names}" * bool(names), ja + f"、抑制: {names}" * bool(names))

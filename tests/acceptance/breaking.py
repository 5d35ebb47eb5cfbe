"""Makes faults on a running stack, and watches who is told what, when, and what else fires meanwhile."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from model.catalogue import Alert
from model.names import WATCHDOG
from model.rules.delivery import receivers_by_hours
from tests.acceptance.faults import Fault
from tests.acceptance.messages import Message, read, ways
from tests.acceptance.stack import Stack

ALERTS = "http://127.0.0.1:9093/api/v2/alerts"


@dataclass
class Measured:
    """One fault: moments in Unix seconds. `told` and `ended` have the moment at which the last way told of an alert."""

    fault: Fault
    began: float
    mended: float = 0.0
    told: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)


@dataclass
class Watch:
    """What has happened on a stack since the watch began."""

    stack: Stack
    seen: int = field(init=False)
    fired: dict[str, set[str]] = field(default_factory=dict)  # states by alert, as Alertmanager has them

    def __post_init__(self) -> None:
        self.seen = len(self.stack.received())

    def messages(self) -> list[tuple[str, Message]]:
        """What people got, and of which alert it speaks."""
        found = [read(one) for one in self.stack.received()[self.seen :]]
        return [(self._alert(message), message) for message in found]

    def _alert(self, message: Message) -> str:
        word = {"en": "Alert: ", "ja": "アラート："}[self.stack.deployment.environment.language]
        (name,) = re.findall(rf"^{word}(\w+)", message.text, re.MULTILINE)
        return str(name)

    def look(self) -> None:
        """Note what Alertmanager holds now."""
        for one in self.stack.get(ALERTS):
            name = one["labels"]["alertname"]
            if name != WATCHDOG:
                self.fired.setdefault(name, set()).add(one["status"]["state"])

    def told(self, name: str, *, over: bool) -> Mapping[str, float]:
        """By which ways people were told of an alert, or of its end, and when first."""
        found: dict[str, float] = {}
        for alert, message in self.messages():
            if alert == name and message.over == over:
                found.setdefault(message.way, message.at)
        return found


def wanted(stack: Stack, name: str) -> set[str]:
    """The ways by which people are told of an alert in working hours."""
    environment = stack.deployment.environment
    names = receivers_by_hours(environment, alert_of(stack, name).labels)["working"]
    return {way for receiver in names for way in ways(environment.notifications.receivers[receiver])}


def alert_of(stack: Stack, name: str) -> Alert:
    """An alert by its name."""
    return next(alert for alert in stack.deployment.alerts if alert.name == name)


def troubles(stack: Stack) -> set[str]:
    """Every alert whose condition holds, for however short a time."""
    return {one["metric"]["alertname"] for one in stack.query(f'ALERTS{{alertname!="{WATCHDOG}"}}')}


def stay_well(stack: Stack, seconds: float, within: float) -> None:
    """Wait until no condition of any alert has held for a while."""
    quiet = [time.monotonic()]

    def well() -> bool:
        if troubles(stack):
            quiet[0] = time.monotonic()
        return time.monotonic() - quiet[0] >= seconds

    try:
        stack.host.wait(f"nothing to tell for {seconds:.0f} s", well, within)
    except AssertionError as error:
        raise AssertionError(f"while nothing is wrong: {sorted(troubles(stack))}") from error


def make(stack: Stack, faults: Sequence[Fault], patience: float) -> list[Measured]:
    """Make faults, mend each when it has done what it must, and wait until all of it is over.

    Fails when something fires that is not expected, or somebody is told of it. `patience` is in seconds, for each step.
    """
    watch = Watch(stack)
    found: list[Measured] = []

    def mend(one: Measured) -> None:
        one.mended = time.time()
        one.fault.mends(stack)

    def all_told() -> bool:
        _judge(watch, faults)
        for one in found:
            if not one.mended and _complete(watch, one):
                mend(one)
        return all(one.mended for one in found)

    def all_over() -> bool:
        _judge(watch, faults)
        for one in found:
            _take(watch, one, one.ended, over=True)
        return all(one.ended.keys() == one.fault.told for one in found)

    names = ", ".join(fault.name for fault in faults)
    try:
        for fault in faults:
            found.append(Measured(fault, time.time()))
            fault.breaks(stack)
        stack.host.wait(f"messages of {names}", all_told, patience)
        stack.host.wait(f"the end of {names}", all_over, patience)
    finally:
        for one in found:
            if not one.mended:
                print(f"never complete: {one}, {watch.fired}", file=sys.stderr)
                mend(one)
    return found


def _complete(watch: Watch, one: Measured) -> bool:
    """Whether people know, and all that follows has fired and was hidden."""
    _take(watch, one, one.told, over=False)
    one.hidden = {name for name in one.fault.hidden | one.fault.besides if "suppressed" in watch.fired.get(name, ())}
    return one.told.keys() == one.fault.told and one.fault.hidden <= one.hidden


def _take(watch: Watch, one: Measured, into: dict[str, float], *, over: bool) -> None:
    for name in one.fault.told:
        by = watch.told(name, over=over)
        if by.keys() >= wanted(watch.stack, name):
            into[name] = max(by.values())


def _judge(watch: Watch, faults: Sequence[Fault]) -> None:
    watch.look()
    told = {name for fault in faults for name in fault.told}
    hidden = {name for fault in faults for name in fault.hidden | fault.besides}
    assert watch.fired.keys() <= told | hidden, f"nobody expects {sorted(watch.fired.keys() - told - hidden)}"
    for name, message in watch.messages():
        assert name in told, f"people are told of {name}: {message.title}"
        assert message.way in wanted(watch.stack, name), f"{message.way} is told of {name}"

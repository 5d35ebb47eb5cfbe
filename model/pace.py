"""How fast the time of a deployment runs: once on hosts, many times faster in a rehearsal that has only minutes.

What is divided are the periods that monitoring itself has: how often it asks and judges, over which span it judges,
how long it waits. What a metric says in seconds (`time() - x > 1800`) is a fact of the world and stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from model.values import DurationValue

if TYPE_CHECKING:
    from model.catalogue import Alert
    from model.deployment import Deployment

_SPAN = r"(?:\d+[smhdw])+"
# Texts and comments first, so that nothing in them is taken for a length of time. The last alternative is how far
# ahead `predict_linear` looks: it belongs to its window as much as the window to itself.
_TIMES = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|\#[^\n]*)"""
    rf"|\[\s*(?P<window>{_SPAN})\s*(?::\s*(?P<step>{_SPAN})?\s*)?\]"
    rf"|(?P<word>\boffset\s+-?\s*)(?P<offset>{_SPAN})"
    r"|(?<=\])(?P<comma>\s*,\s*)(?P<ahead>\d+)(?=\s*\))"
)


# Asked more often than that, programs are busy with answering. A rate needs four samples to bear that one is late.
LEAST_INTERVAL, LEAST_WINDOW, LEAST_WAIT = DurationValue(2), DurationValue(8), DurationValue(1)
# What causes and effects wait for each other: longer than a scrape and an evaluation, as on a host.
LEAST_PATIENCE = DurationValue(2 * LEAST_INTERVAL.seconds + 1)


@dataclass(frozen=True)
class Pace:
    """By which factor time runs faster; nothing gets shorter than what the programs can follow."""

    factor: int = 1

    def interval(self, usual: DurationValue) -> DurationValue:
        """How often something is done."""
        return self._divided(usual, LEAST_INTERVAL)

    def wait(self, usual: DurationValue) -> DurationValue:
        """How long something is waited for; what is not waited for at all is not here either."""
        return self._divided(usual, LEAST_WAIT) if usual.seconds else usual

    def patience(self, usual: DurationValue) -> DurationValue:
        """How long a cause and its effects are waited for."""
        return self._divided(usual, LEAST_PATIENCE)

    def window(self, usual: DurationValue) -> DurationValue:
        """Over which span something is measured, or how far back."""
        return self._divided(usual, LEAST_WINDOW)

    def _divided(self, usual: DurationValue, least: DurationValue) -> DurationValue:
        shorter = DurationValue(round(usual.seconds / self.factor))
        return usual if self.factor == 1 else min(usual, max(least, shorter))

    def expression(self, expression: str) -> str:
        """PromQL or LogQL with every range, step and offset divided."""
        return expression if self.factor == 1 else _TIMES.sub(self._written, expression)

    def _written(self, match: re.Match[str]) -> str:
        if match["window"]:
            window = self.window(DurationValue.parse(match["window"]))
            step = f":{self.interval(DurationValue.parse(match['step']))}" if match["step"] else ""
            return f"[{window}{step or (':' if ':' in match[0] else '')}]"
        if match["offset"]:
            return f"{match['word']}{self.window(DurationValue.parse(match['offset']))}"
        if match["ahead"]:
            return f"{match['comma']}{self.window(DurationValue(int(match['ahead']))).seconds}"
        return match[0]

    def __str__(self) -> str:
        if self.factor == 1:
            return "time as it is"
        return (
            f"time divided by {self.factor}: intervals of at least {LEAST_INTERVAL}, "
            f"windows of at least {LEAST_WINDOW}, waits of at least {LEAST_WAIT}, "
            f"patience with causes of at least {LEAST_PATIENCE}"
        )


def windows(expression: str) -> tuple[DurationValue, ...]:
    """The spans over which an expression measures, as they stand in it."""
    return tuple(DurationValue.parse(match["window"]) for match in _TIMES.finditer(expression) if match["window"])


def faster(deployment: Deployment, factor: int) -> Deployment:
    """The same deployment at another pace: it is rendered as any other, and no file is edited."""
    pace = Pace(factor)
    environment = deployment.environment
    stack, told = environment.monitoring, environment.notifications
    routes = {name: route.model_copy(update={"repeat": pace.wait(route.repeat)}) for name, route in told.routes.items()}
    groups = {"group_wait": pace.patience(told.group_wait), "group_interval": pace.wait(told.group_interval)}
    intervals = {name: pace.interval(getattr(stack, name)) for name in ("scrape_interval", "evaluation_interval")}
    changed = {
        "monitoring": stack.model_copy(update=intervals),
        "notifications": told.model_copy(update={"routes": routes, **groups}),
    }
    return replace(
        deployment,
        environment=environment.model_copy(update=changed),
        alerts=tuple(_faster(alert, pace) for alert in deployment.alerts),
        pace=pace,
    )


def _faster(alert: Alert, pace: Pace) -> Alert:
    file = alert.file
    changed = {"expr": pace.expression(file.expr), "hold": file.hold and pace.wait(file.hold)}
    return replace(alert, file=file.model_copy(update=changed))

"""How soon people are told: what follows from the intervals of an environment, before anything is measured."""

from __future__ import annotations

from dataclasses import dataclass

from model.catalogue import Alert
from model.deployment import Deployment
from model.monitoring import LOGS_EVERY
from model.pace import windows
from model.values import DurationValue


@dataclass(frozen=True)
class Promise:
    """The longest way from a fault to the message, by its parts. A fault that lasts is told within their sum.

    Attributes:
        measured: until the next scrape has seen it; logs are pushed at once.
        window: until the span over which the expression measures holds nothing but the fault. A strong fault, or one
            that a single sample shows, needs less.
        judged: until the next evaluation, of the series that the expression reads as well if rules record those.
        hold: `for`, and the evaluation that finds it over.
        group: the wait for others of its group.

    """

    measured: DurationValue
    window: DurationValue
    judged: DurationValue
    hold: DurationValue
    group: DurationValue

    @property
    def within(self) -> DurationValue:
        """The sum."""
        parts = (self.measured, self.window, self.judged, self.hold, self.group)
        return DurationValue(sum(part.seconds for part in parts))


def promise(alert: Alert, deployment: Deployment) -> Promise:
    """What an environment promises of an alert. Alerts on budgets have no such length: it depends on the past."""
    stack, none = deployment.environment.monitoring, DurationValue(0)
    of_logs = alert.file.source == "logs"
    every = deployment.pace.interval(LOGS_EVERY) if of_logs else stack.evaluation_interval
    hold = alert.hold or none
    return Promise(
        measured=none if of_logs else stack.scrape_interval,
        window=max(windows(alert.expr), default=none),
        judged=every,
        hold=DurationValue(hold.seconds + every.seconds) if hold.seconds else none,
        group=deployment.environment.notifications.group_wait,
    )

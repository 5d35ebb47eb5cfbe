"""One file of `alerts/`: a rule, its tests and its runbook. What an alert is before an environment resolves it.

Between `<<` and `>>` stand values of ours (`<< thresholds.disk_critical >>`); `{{ … }}` belongs to Prometheus.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from model.base import Model
from model.bilingual import Bilingual
from model.forms import fault
from model.names import Component, Severity
from model.types import AlertName, Duration, LabelName

Script = Annotated[str, AfterValidator(str.strip)]


def _side(value: object) -> object:
    """A side; a place that waits for its value is taken as one."""
    return "wsl" if isinstance(value, str) and value.startswith("<<") else value


class Command(Model):
    """A command that an operator types as it stands."""

    on: Annotated[Literal["wsl", "windows"], BeforeValidator(_side)] = Field(
        description="where: a shell in WSL as root, or PowerShell as administrator"
    )
    command: Script


class Step(Model):
    """One step of a runbook: what to do, the command, and what a good answer looks like."""

    text: Bilingual
    run: Command | None = None
    good: Bilingual | None = Field(None, description="what the answer looks like when all is well")


class Escalation(Model):
    """Whom to call when the remedy has not helped after a while."""

    after: Duration
    to: Literal["developers", "manager", "security"]


def _number(value: object) -> object:
    """A number, also as the text that a place becomes; a place that waits for its value is taken as 1."""
    if not isinstance(value, str):
        return value
    return 1 if value.startswith("<<") else int(value) if value.isdecimal() else value


class Series(Model):
    """An input series of a unit test, in promtool's notation."""

    series: str
    values: str
    repeat: Annotated[int, BeforeValidator(_number), Field(ge=0)] = Field(
        1, description="so many series; `#` in the text is the number of each, from 1"
    )


class Lines(Model):
    """Log lines of a unit test of an alert on logs: the same line again and again, from the test's beginning."""

    labels: dict[LabelName, str]
    line: str
    count: Annotated[int, BeforeValidator(_number), Field(gt=0)]
    within: Duration = Field(description="the lines are spread evenly over this time")


class Firing(Model):
    """An alert that a test expects: its labels but those that the rule itself adds, and its value as text."""

    labels: dict[LabelName, str] = {}
    value: str | None = Field(None, description="what `{{ $value … }}` prints, where a text uses it")


class AlertTest(Model):
    """A unit test: series (or lines), and what fires at a moment."""

    name: str
    interval: Duration | None = Field(None, description="time between samples; the default is 1m")
    series: tuple[Series, ...] = Field((), strict=False)
    lines: tuple[Lines, ...] = Field((), strict=False)
    at: Duration
    fires: tuple[Firing, ...] = Field((), strict=False)


class AlertFile(Model):
    """An alert: it cannot exist without its tests and its runbook."""

    alert: AlertName
    component: Component
    severity: Severity
    source: Literal["metrics", "logs"] = Field("metrics", description="logs: LogQL, evaluated by Loki's ruler")
    for_each: Literal["job", "objective"] | None = Field(
        None, description="one rule for each scrape job or objective; its name gets that one's name as ending"
    )
    except_jobs: tuple[str, ...] = Field((), strict=False, description="jobs that have such an alert of their own")
    expr: Script
    hold: Duration | None = Field(None, alias="for")
    summary: Bilingual
    description: Bilingual
    impact: Bilingual
    first_step: dict[str, Step] = Field({}, description="with for_each job: what to do first, by job")
    diagnosis: tuple[Step, ...] = Field(strict=False, min_length=1)
    remedy: tuple[Step, ...] = Field(strict=False, min_length=1)
    escalation: Escalation
    tests: tuple[AlertTest, ...] = Field(strict=False, min_length=1)

    @model_validator(mode="after")
    def _tests_can_fail(self) -> Self:
        if len({bool(test.fires) for test in self.tests}) < 2:
            raise fault("tests", "write at least one test in which the alert fires and one in which it does not")
        return self

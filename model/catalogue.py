"""The alert catalogue: the files of `alerts/`, and what they come to in one environment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from model.alert import AlertFile, AlertTest, Step
from model.bilingual import LANGUAGES, Bilingual, Language, in_words
from model.environment import Environment
from model.expression import ExpressionError, substitute, written
from model.faults import Fault, FaultsError, Origin, near
from model.jobs import Job, camel
from model.names import WATCHDOG, Component, Severity
from model.objective import Objective
from model.source import Node, read_yaml
from model.stateful import DATA
from model.tasks import measured_tasks
from model.validation import validate
from model.values import DurationValue


@dataclass(frozen=True)
class CatalogueFile:
    """A file of the catalogue as it was read: valid in form, its places not yet filled.

    `settled` are its parts that hold no place: they are the same in every environment.
    """

    node: Node
    alert: AlertFile
    settled: Mapping[str, object]


@dataclass(frozen=True)
class Example:
    """Names with which a runbook writes a command where the alert names a container or a site: the first described.

    Where there is one alone, the command is right as it stands; else the step says to put the alert's own name there.
    """

    workload: str
    site: str


@dataclass(frozen=True)
class Alert:
    """A rule as an environment has it: every place filled, labels complete. `page` is its runbook's name."""

    name: str
    page: str
    file: AlertFile
    component: Component
    labels: Mapping[str, str]
    job: Job | None = None
    objective: Objective | None = None
    disabled_until: date | None = None

    @property
    def severity(self) -> Severity:
        """How urgent it is."""
        return self.file.severity

    @property
    def expr(self) -> str:
        """PromQL, or LogQL if `file.source` is `logs`."""
        return self.file.expr

    @property
    def hold(self) -> DurationValue | None:
        """How long the condition must hold: `for`."""
        return self.file.hold

    @property
    def summary(self) -> Bilingual:
        """One line that says what happened; holds Prometheus templates."""
        return self.file.summary

    @property
    def tests(self) -> tuple[AlertTest, ...]:
        """Its unit tests."""
        return self.file.tests

    @property
    def first_step(self) -> Step:
        """What a message tells to do first: the job's own step, else the first step of the remedy."""
        if self.job:
            return self.file.first_step[self.job.kind]
        return self.file.remedy[0]


def read_catalogue(folder: Path) -> tuple[CatalogueFile, ...]:
    """Read every alert file, by name.

    Raises:
        FaultsError: a file cannot be used; all faults of all files at once.

    """
    faults: list[Fault] = []
    found = []
    for path in sorted(folder.glob("*.yaml")):
        node = read_yaml(path, path, faults)
        if node is None:
            continue
        alert, new = validate(AlertFile, node)
        faults.extend(new)
        if alert is None:
            continue
        if alert.alert != path.stem:
            faults.append(Fault(Origin(path, 1, 1), f"the alert `{alert.alert}` stands in a file of another name"))
        found.append(CatalogueFile(node, alert, _settled(node, alert)))
    if not found and not faults:
        faults.append(Fault(Origin(folder), "there are no alerts here"))
    if faults:
        raise FaultsError(faults)
    return tuple(found)


def _settled(node: Node, alert: AlertFile) -> dict[str, object]:
    assert isinstance(node.value, dict)
    fields = {field.alias or name: name for name, field in AlertFile.model_fields.items()}
    return {key: getattr(alert, fields[key]) for key, part in node.value.items() if not _has_place(part)}


def _has_place(node: Node) -> bool:
    if isinstance(node.value, str):
        return "<<" in node.value
    parts = node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ()
    return any(map(_has_place, parts))


def context_of(environment: Environment) -> dict[str, object]:
    """What `<< … >>` may name in every alert file; an expanded one has `job` or `objective` as well.

    Hosts are not among them: a page is the same for every host, and lists what differs from host to host in a table.
    """
    return {
        "cni": environment.cni,
        "data": DATA,
        "example": _example(environment),
        "gateway": environment.gateway,
        "monitoring": environment.monitoring,
        "tasks": measured_tasks(environment),
        "thresholds": environment.alerts.thresholds,
    }


def _example(environment: Environment) -> Example:
    site = next(iter(environment.gateway.sites.values()), None)
    return Example(next(iter(environment.workloads), "NAME"), site.server_name if site else "NAME")


def resolve(catalogue: tuple[CatalogueFile, ...], environment: Environment, jobs: tuple[Job, ...]) -> tuple[Alert, ...]:
    """The alerts of an environment, by name.

    Raises:
        FaultsError: a place in an alert has no value, or a job has no first step.

    """
    faults: list[Fault] = []
    found = [alert for file in catalogue for alert in _resolve_file(file, environment, jobs, faults)]
    if faults:
        raise FaultsError(faults)
    return tuple(sorted(found, key=lambda alert: alert.name))


def _resolve_file(
    file: CatalogueFile, environment: Environment, jobs: tuple[Job, ...], faults: list[Fault]
) -> Iterator[Alert]:
    context = context_of(environment)
    name = file.alert.alert
    if file.alert.for_each == "job":
        for job in jobs:
            if job.name in file.alert.except_jobs:
                continue
            if job.kind not in file.alert.first_step:
                faults.append(Fault(file.node.origin, f"{name}: the job `{job.name}` has no first_step"))
                continue
            filled = _fill(file, {**context, "job": job}, faults)
            if filled:
                yield _alert(filled, environment, name + job.camel, job.component, job=job)
    elif file.alert.for_each == "objective":
        for _, objective in sorted(environment.objectives.items()):
            filled = _fill(file, {**context, "objective": objective}, faults)
            if filled:
                full_name = name + camel(objective.name)
                yield _alert(filled, environment, full_name, filled.component, objective=objective)
    else:
        filled = _fill(file, context, faults)
        if filled:
            yield _alert(filled, environment, name, filled.component)


def _alert(  # noqa: PLR0913 - a rule is what its file, its environment and its expansion say
    file: AlertFile,
    environment: Environment,
    name: str,
    component: Component,
    job: Job | None = None,
    objective: Objective | None = None,
) -> Alert:
    policy = environment.alerts
    disabled = policy.disabled.get(name) or policy.disabled.get(file.alert)
    labels = {
        "severity": file.severity,
        "component": component,
        "team": policy.teams.get(component, "operations"),
        **policy.labels.get(file.alert, {}),
        **policy.labels.get(name, {}),
    }
    return Alert(name, file.alert, file, component, labels, job, objective, disabled.until if disabled else None)


def _prose(language: Language) -> Callable[[object], str]:
    def write(value: object) -> str:
        return in_words(value, language) if isinstance(value, DurationValue) else written(value)

    return write


# Texts for people have a length of time in words; expressions, commands and tests have it as Prometheus writes it.
_WRITERS = {str(language): _prose(language) for language in LANGUAGES}


def _fill(file: CatalogueFile, context: Mapping[str, object], faults: list[Fault]) -> AlertFile | None:
    found = len(faults)
    assert isinstance(file.node.value, dict)
    open_parts = {key: part for key, part in file.node.value.items() if key not in file.settled}
    data = {**file.settled, **{key: _filled(part, context, faults) for key, part in open_parts.items()}}
    if len(faults) > found:
        return None
    try:
        return AlertFile.model_validate(data)
    except ValidationError as error:  # a value that fits no field only once its place is filled
        faults.append(Fault(file.node.origin, str(error)))
        return None


def _filled(
    node: Node, context: Mapping[str, object], faults: list[Fault], write: Callable[[object], str] = written
) -> Any:
    if isinstance(node.value, dict):
        return {key: _filled(item, context, faults, _WRITERS.get(key, write)) for key, item in node.value.items()}
    if isinstance(node.value, list):
        return [_filled(item, context, faults, write) for item in node.value]
    if not isinstance(node.value, str) or "<<" not in node.value:
        return node.value
    try:
        return substitute(node.value, context, write)
    except ExpressionError as error:
        faults.append(Fault(node.origin, str(error)))
        return node.value


def unknown_alert_faults(catalogue: tuple[CatalogueFile, ...], alerts: tuple[Alert, ...], tree: Node) -> list[Fault]:
    """Faults of an environment that disables or labels an alert that does not exist."""
    known = {file.alert.alert for file in catalogue} | {alert.name for alert in alerts}
    faults = []
    for section in ("disabled", "labels"):
        node, exact = tree.find(("alerts", section))
        if exact and isinstance(node.value, dict):
            for name, item in node.value.items():
                origin = item.key_origin or item.origin
                if section == "disabled" and name == WATCHDOG:
                    message = "the dead man's switch lives on this alert: without it the far end calls people"
                    faults.append(Fault(origin, message, "leave it on"))
                elif name not in known:
                    faults.append(Fault(origin, f"there is no alert `{name}`", near(name, known)))
    return faults

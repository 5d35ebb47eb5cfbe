"""An environment with everything resolved: what generators read."""

from __future__ import annotations

from dataclasses import dataclass, field

from model.catalogue import Alert
from model.environment import Environment
from model.jobs import Job
from model.pace import Pace


@dataclass(frozen=True)
class Deployment:
    """One environment, its scrape jobs and its alerts, both by name. Built once by the loader.

    `pace` divides the periods that are no environment's to choose; those that are have been divided already.
    """

    name: str
    environment: Environment
    jobs: tuple[Job, ...]
    alerts: tuple[Alert, ...]
    pace: Pace = field(default_factory=Pace)

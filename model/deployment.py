"""An environment with everything resolved: what generators read."""

from __future__ import annotations

from dataclasses import dataclass

from model.catalogue import Alert
from model.environment import Environment
from model.jobs import Job


@dataclass(frozen=True)
class Deployment:
    """One environment, its scrape jobs and its alerts, both by name. Built once by the loader."""

    name: str
    environment: Environment
    jobs: tuple[Job, ...]
    alerts: tuple[Alert, ...]

"""The files of `metrics/catalogue/`: series by exporter, and which exporter answers for which scrape job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import yaml

FOLDER = Path(__file__).parent / "catalogue"

Source = Literal["run", "source", "documentation"]
_SUFFIXES = {"histogram": ("_bucket", "_count", "_sum"), "summary": ("", "_count", "_sum")}

# Labels that a scrape adds to every series, whatever the exporter says.
TARGET_LABELS = frozenset({"environment", "host", "instance", "job", "site"})

# The series that Prometheus itself writes for every target, and for its rules.
SCRAPE = {
    "scrape_duration_seconds",
    "scrape_samples_post_metric_relabeling",
    "scrape_samples_scraped",
    "scrape_series_added",
    "up",
}
RULES = {"ALERTS": frozenset({"alertname", "alertstate", "component", "severity", "team"})}


@dataclass(frozen=True)
class Series:
    """A metric family. `values` holds the labels whose values are a closed set."""

    type: str
    labels: frozenset[str]
    values: Mapping[str, frozenset[str]]
    source: Source

    def names(self, family: str) -> Iterable[str]:
        """What is queried: a histogram has three names."""
        return (family + suffix for suffix in _SUFFIXES.get(self.type, ("",)))


@dataclass(frozen=True)
class Exporter:
    """One program at one version, and the jobs that scrape it; a job's name may end in `*`."""

    name: str
    version: str
    jobs: tuple[str, ...]
    series: Mapping[str, Series]

    def answers(self, job: str) -> bool:
        """Whether a scrape job of this name finds the series."""
        return any(fnmatchcase(job, pattern) for pattern in self.jobs)


def read(folder: Path = FOLDER) -> dict[str, Exporter]:
    """Every exporter by name.

    Raises:
        ValueError: the folder holds none.
    """
    found = {path.stem: _exporter(path) for path in sorted(folder.glob("*.yaml"))}
    if not found:
        raise ValueError(f"there is no catalogue in {folder}")
    return found


def of_job(exporters: Mapping[str, Exporter], job: str) -> list[Exporter]:
    """Every exporter whose series a job finds: what a program says, and what scripts hand to it."""
    return [exporter for exporter in exporters.values() if exporter.answers(job)]


def _exporter(path: Path) -> Exporter:
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    series = {name: _series(entry, data["source"]) for name, entry in data["series"].items()}
    return Exporter(path.stem, str(data["version"]), tuple(data["jobs"]), series)


def _series(entry: Any, source: Source) -> Series:
    values = {name: frozenset(map(str, closed)) for name, closed in entry.get("values", {}).items()}
    return Series(entry["type"], frozenset(entry.get("labels", ())), values, entry.get("source", source))

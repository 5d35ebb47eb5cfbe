"""Stands in for an exporter that cannot run here: serves the series that the metric catalogue says it emits.

`python -m tests.acceptance.stand_in EXPORTER PORT [LABEL=VALUE…] [textfiles=FOLDER]`: a label of several values is told
as often. Counters rise, gauges have a value that their unit allows; what is in textfiles is passed on, as
windows_exporter does.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from metrics.catalogue import Exporter, Series, read

BOUNDS = ("0.05", "0.1", "0.25", "0.5", "1.0", "5.0", "+Inf")
# Gauges by a part of their name, the first that fits: what is free is less than what there is.
GAUGES = (
    ("boot_time", time.time()),
    ("start_time", time.time()),
    ("time_seconds", None),  # now
    ("timestamp_seconds", None),
    ("free", 4e10),
    ("avail", 4e10),
    ("size", 1e11),
    ("total_bytes", 1e11),
    ("connections_limit", 1024.0),
    ("limit", 1e11),
    ("bytes", 2e8),
    ("container_state", 2.0),  # Podman's number of a container that runs
    ("error", 0.0),
    ("health", 0.0),  # Podman's number of a container that is well
)
TROUBLE = ("failure", "failed", "error", "dropped", "retries")
STATUSES = {"1xx": 0.0, "2xx": 0.5, "3xx": 0.05, "4xx": 0.02, "5xx": 0.001}  # per second, of each method


def exposition(exporter: Exporter, known: Mapping[str, Sequence[str]], seconds: float) -> str:
    """What it answers after so many seconds. `known` gives the values of labels; others have one."""
    lines = []
    for family, series in exporter.series.items():
        lines.append(f"# TYPE {family} {'untyped' if series.type == 'unknown' else series.type}")
        lines += _samples(family, series, known, seconds)
    return "\n".join(lines) + "\n"


def _samples(family: str, series: Series, known: Mapping[str, Sequence[str]], seconds: float) -> Iterator[str]:
    labels = sorted(series.labels)
    choices = [sorted(known.get(label, ()) or series.values.get(label, ()) or ["one"]) for label in labels]
    for combination in itertools.product(*choices):
        values = dict(zip(labels, combination, strict=True))
        shown = [f'{label}="{value}"' for label, value in values.items()]
        if series.type in {"histogram", "summary"}:
            bounds = BOUNDS if series.type == "histogram" else ()
            yield from (_sample(f"{family}_bucket", [*shown, f'le="{bound}"'], f"{seconds:.0f}") for bound in bounds)
            yield _sample(f"{family}_sum", shown, str(seconds / 100))
            yield _sample(f"{family}_count", shown, f"{seconds:.0f}")
        elif series.type == "counter":
            yield _sample(family, shown, f"{seconds * _per_second(family, values):.3f}")
        else:
            yield _sample(family, shown, repr(_gauge(family, values)))


def _per_second(family: str, values: Mapping[str, str]) -> float:
    """A processor is idle most of the time; failures are rare; bytes are many."""
    if "mode" in values:
        return 0.85 if values["mode"] == "idle" else 0.05
    if values.get("status") in STATUSES:
        return STATUSES[values["status"]]
    if values.get("outcome") == "failure" or any(part in family for part in TROUBLE):
        return 0.0
    return 20_000.0 if "bytes" in family else 0.5


def _gauge(family: str, values: Mapping[str, str]) -> float:
    if "last_result" in family:  # windows_exporter's number of a task that has ended well
        return 1.0
    if ("state" in values and "service" in family) or "scheduled_task" in family:
        return float(values.get("state") == "running")
    value = next((value for part, value in GAUGES if part in family.lower()), 1.0)
    return time.time() if value is None else value


def _sample(name: str, labels: list[str], value: str) -> str:
    return f"{name}{{{','.join(labels)}}} {value}" if labels else f"{name} {value}"


def words(known: Mapping[str, Sequence[str]]) -> list[str]:
    """What tells `main` these values of labels. A value may hold any character: a core of Windows is "0,1"."""
    return [f"{label}={value}" for label, values in known.items() for value in values]


def told(said: Sequence[str]) -> dict[str, list[str]]:
    """The values of labels that words tell."""
    known: dict[str, list[str]] = {}
    for word in said:
        label, value = word.split("=", 1)
        known.setdefault(label, []).append(value)
    return known


def main(name: str, port: int, said: list[str]) -> None:
    """Serve on loopback until killed."""
    exporter = read()[name]
    known = told(said)
    folders = [Path(folder) for folder in known.pop("textfiles", [])]
    started = time.monotonic()

    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            files = [path.read_text(encoding="utf-8") for folder in folders for path in sorted(folder.glob("*.prom"))]
            self.wfile.write("".join([exposition(exporter, known, time.monotonic() - started), *files]).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    ThreadingHTTPServer(("127.0.0.1", port), Metrics).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])

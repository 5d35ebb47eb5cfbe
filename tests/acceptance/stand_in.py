"""Stands in for an exporter that cannot run here: serves the series that the metric catalogue says it emits.

`python -m tests.acceptance.stand_in EXPORTER PORT [LABEL=VALUE,VALUE…]`. Counters rise; values mean nothing.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from metrics.catalogue import Exporter, Series, read


def exposition(exporter: Exporter, known: Mapping[str, list[str]], seconds: float) -> str:
    """What it answers after so many seconds. `known` gives the values of labels; others have one."""
    lines = []
    for family, series in exporter.series.items():
        lines.append(f"# TYPE {family} {series.type}")
        lines += _samples(family, series, known, seconds)
    return "\n".join(lines) + "\n"


def _samples(family: str, series: Series, known: Mapping[str, list[str]], seconds: float) -> Iterator[str]:
    labels = sorted(series.labels)
    choices = [sorted(series.values.get(label, ())) or known.get(label, ["one"]) for label in labels]
    for combination in itertools.product(*choices):
        shown = [f'{label}="{value}"' for label, value in zip(labels, combination, strict=True)]
        if series.type in {"histogram", "summary"}:
            bounds = ("0.1", "1.0", "+Inf") if series.type == "histogram" else ()
            yield from (_sample(f"{family}_bucket", [*shown, f'le="{bound}"'], f"{seconds:.0f}") for bound in bounds)
            yield _sample(f"{family}_sum", shown, str(seconds / 10))
            yield _sample(f"{family}_count", shown, f"{seconds:.0f}")
        else:
            yield _sample(family, shown, f"{seconds:.1f}" if series.type == "counter" else str(1 + (len(family) % 7)))


def _sample(name: str, labels: list[str], value: str) -> str:
    return f"{name}{{{','.join(labels)}}} {value}" if labels else f"{name} {value}"


def main(name: str, port: int, labels: list[str]) -> None:
    """Serve on loopback until killed."""
    exporter = read()[name]
    known = {label: values.split(",") for label, values in (word.split("=", 1) for word in labels)}
    started = time.monotonic()

    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(exposition(exporter, known, time.monotonic() - started).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    ThreadingHTTPServer(("127.0.0.1", port), Metrics).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])

"""From what an exporter answers to its file of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from metrics.catalogue import Exporter, Series, Source

# Labels whose values are a closed set, by exporter: what was seen is then all that there is.
CLOSED: Mapping[str, frozenset[str]] = {
    "alertmanager": frozenset({"state"}),
    "cni": frozenset({"command", "kind", "outcome", "part", "state"}),
    "gateway": frozenset({"direction", "state", "status"}),
    "node_exporter": frozenset({"mode"}),
    "windows_textfile": frozenset({"task"}),
}


def families(expositions: Iterable[str], exporter: str) -> dict[str, dict[str, Any]]:
    """Every metric family of some answers, in Prometheus' text format, sorted by name."""
    found: dict[str, dict[str, Any]] = {}
    for text in expositions:
        for family in text_string_to_metric_families(text):
            # The parser cuts `_total` off; a counter's sample has the name that it was given.
            name = family.samples[0].name if family.type == "counter" and family.samples else family.name
            entry = found.setdefault(name, {"type": family.type, "labels": set(), "values": {}})
            for sample in family.samples:
                for label, value in sample.labels.items():
                    if label in {"le", "quantile"}:
                        continue
                    entry["labels"].add(label)
                    if label in CLOSED.get(exporter, ()):
                        entry["values"].setdefault(label, set()).add(value)
    return {name: _sorted(found[name]) for name in sorted(found)}


def _sorted(entry: dict[str, Any]) -> dict[str, Any]:
    labels, values = sorted(entry["labels"]), {label: sorted(seen) for label, seen in sorted(entry["values"].items())}
    return {"type": entry["type"], **({"labels": labels} if labels else {}), **({"values": values} if values else {})}


def merged(known: Exporter | None, found: Mapping[str, Any], *, afresh: bool) -> dict[str, Any]:
    """What was found, with what another run had found (unless `afresh`) and what a person has entered by hand."""
    series: dict[str, Any] = dict(found)
    for name, entry in (known.series if known else {}).items():
        if entry.source != "run" or (not afresh and name not in found):
            series.setdefault(name, _entry(entry))
        elif not afresh:
            labels = entry.labels | set(found[name].get("labels", ()))
            values = {
                label: sorted(entry.values.get(label, frozenset()) | set(found[name].get("values", {}).get(label, ())))
                for label in sorted(entry.values.keys() | found[name].get("values", {}).keys())
            }
            series[name] = _sorted({"type": entry.type, "labels": labels, "values": values})
    return {name: series[name] for name in sorted(series)}


def _entry(entry: Series) -> dict[str, Any]:
    written = _sorted({"type": entry.type, "labels": entry.labels, "values": entry.values})
    return written if entry.source == "run" else {**written, "source": entry.source}


def write(  # noqa: PLR0913 - the facts of a file
    path: Path,
    *,
    version: str,
    jobs: Iterable[str],
    how: str,
    series: Mapping[str, Mapping[str, Any]],
    source: Source = "run",
) -> None:
    """Write an exporter's file: one line for each family."""
    lines = [f"# {how}", f"version: {version}", f"jobs: [{', '.join(jobs)}]", f"source: {source}", "series:"]
    lines += [f"  {name}: {_flow(entry)}" for name, entry in series.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return (
        str(value)
        if str(value).replace("_", "").isalpha() and value not in {"on", "off", "yes", "no"}
        else f'"{value}"'
    )

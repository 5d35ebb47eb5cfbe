"""The catalogue of windows_exporter, which runs on Windows alone, from the tables of its own documentation.

`python -m metrics.windows_exporter VERSION DOCS` reads `DOCS/collector.*.md` of the source at that version.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from metrics import record
from metrics.catalogue import FOLDER

# The collectors that our configuration switches on; a test holds them to it.
COLLECTORS = ("cpu", "logical_disk", "memory", "net", "os", "scheduled_task", "service", "textfile", "time")
_ROW = re.compile(r"^\|?\s*`?(windows_\w+)`?\s*\|(.*)\|\s*(gauge|counter)\s*\|([^|\n]*)\|?\s*$", re.MULTILINE)
# A list of all values of a label.
_CLOSED = re.compile(r"^A .* can (?:be in|have) the following (state|start mode)s:\n((?:- `.+`\n)+)", re.MULTILINE)
# What the program says of itself; its documentation has no table of it.
_OWN = {
    "windows_exporter_build_info": ["branch", "goarch", "goos", "goversion", "revision", "tags", "version"],
    "windows_exporter_collector_duration_seconds": ["collector"],
    "windows_exporter_collector_success": ["collector"],
    "windows_exporter_collector_timeout": ["collector"],
    "windows_exporter_scrape_duration_seconds": [],
    "windows_textfile_mtime_seconds": ["file"],
    "windows_textfile_scrape_error": [],
}


def families(docs: Path) -> dict[str, dict[str, Any]]:
    """Every family of our collectors, by name."""
    found = {name: {"type": "gauge", **({"labels": labels} if labels else {})} for name, labels in _OWN.items()}
    for collector in COLLECTORS:
        text = (docs / f"collector.{collector}.md").read_text(encoding="utf-8")
        found |= dict(_families(text))
    return {name: found[name] for name in sorted(found)}


def _families(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    closed = {label.replace(" ", "_"): sorted(re.findall("`(.+)`", listed)) for label, listed in _CLOSED.findall(text)}
    for name, _, kind, labels in _ROW.findall(text):
        words = sorted(set(re.findall(r"[a-z_]+", labels.replace("None", ""))))
        values = {label: closed[label] for label in words if label in closed}
        yield name, {"type": kind, **({"labels": words} if words else {}), **({"values": values} if values else {})}


if __name__ == "__main__":
    record.write(
        FOLDER / "windows_exporter.yaml",
        version=sys.argv[1],
        jobs=("windows",),
        how="From the tables of windows_exporter's documentation: it runs on Windows alone.",
        source="documentation",
        series=families(Path(sys.argv[2])),
    )

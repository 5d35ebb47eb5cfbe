"""Metrics for node_exporter: when each part was last handled, with what exit code, and when it last went well."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path

from .settings import REPOSITORY, Settings

_LINE = re.compile(r'(\w+)(?:\{part="([^"]*)"\})? (\S+)')
Extra = Mapping[str, Mapping[str, float] | float]
_Series = dict[tuple[str, str], str]


def record(settings: Settings, kind: str, codes: Mapping[str, int], extra: Extra) -> None:
    """Write the exit codes of parts, now; `extra` are further gauges, by part or of the whole.

    `kind` is `backup` or `restore_drill`. What was known of other parts stays, and what is known of parts that are no
    longer backed up goes.
    """
    known = {part.name for part in settings.parts} | {REPOSITORY, ""}
    series = {key: value for key, value in _read(settings.metrics_folder, kind).items() if key[1] in known}
    _write(settings.metrics_folder, kind, _told(series, kind, codes, extra))


def spoil(folder: Path, kind: str, code: int) -> None:
    """Say of every part that was ever told of that it failed: the settings cannot be read, so nothing was done."""
    series = _read(folder, kind)
    parts = {part for _, part in series if part} | {REPOSITORY}
    _write(folder, kind, _told(series, kind, dict.fromkeys(parts, code), {}))


def failed(settings: Settings, kind: str) -> set[str]:
    """The parts of which the last run failed."""
    series = _read(settings.metrics_folder, kind)
    return {part for (name, part), code in series.items() if name == f"flatnet_{kind}_last_exit_code" and code != "0"}


def _told(series: _Series, kind: str, codes: Mapping[str, int], extra: Extra) -> _Series:
    now = f"{time.time():.0f}"
    for part, code in codes.items():
        series[f"flatnet_{kind}_last_exit_code", part] = str(code)
        series[f"flatnet_{kind}_last_run_timestamp_seconds", part] = now
        success = (f"flatnet_{kind}_last_success_timestamp_seconds", part)
        series[success] = now if code == 0 else series.get(success, "0")  # 0: never, which is stale
    for name, value in extra.items():
        for part, number in value.items() if isinstance(value, Mapping) else [("", value)]:
            series[f"flatnet_{kind}_{name}", part] = f"{number:.0f}"
    return series


def _read(folder: Path, kind: str) -> _Series:
    try:
        text = (folder / f"{kind}.prom").read_text(encoding="utf-8")
    except OSError:
        return {}
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return {(match[1], match[2] or ""): match[3] for match in found if match}


def _write(folder: Path, kind: str, series: _Series) -> None:
    lines = []
    for name in sorted({name for name, _ in series}):
        lines.append(f"# TYPE {name} gauge")
        for part in sorted(part for other, part in series if other == name):
            label = f'{{part="{part}"}}' if part else ""
            lines.append(f"{name}{label} {series[name, part]}")
    beside = folder / f".{kind}.prom.new"
    beside.write_text("\n".join(lines) + "\n", encoding="utf-8")
    beside.chmod(0o644)
    beside.rename(folder / f"{kind}.prom")

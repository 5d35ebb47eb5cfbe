"""What a new recording of the catalogue changes, and what of the rendered files it breaks.

`python -m metrics.changes BEFORE`, where BEFORE is a copy of `metrics/catalogue/` as it was: new versions, series that
are gone, each with the new one that it was probably renamed to, and every rule, unit test and panel that relies on what
is not emitted any more. Ends with 1 if there is such a one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from metrics import uses
from metrics.catalogue import Exporter, read


def changes(before: Mapping[str, Exporter], after: Mapping[str, Exporter]) -> Iterator[str]:
    """Exporter by exporter, in words; nothing for one that is as it was."""
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            yield f"{name}: {'new' if old is None else 'gone'}"
            continue
        if old.version != new.version:
            yield f"{name}: {old.version} is now {new.version}"
        came = sorted(new.series.keys() - old.series.keys())
        for series in sorted(old.series.keys() - new.series.keys()):
            near = get_close_matches(series, came, n=1)
            yield f"{name}: {series} is gone" + (f"; renamed to {near[0]}?" if near else "")
        yield from (f"{name}: {series} is new" for series in came)
        for series in sorted(old.series.keys() & new.series.keys()):
            yield from (
                f"{name}: {series} has no label {label} any more"
                for label in sorted(old.series[series].labels - new.series[series].labels)
            )


def main(before: Path) -> int:
    """Print what changed and what is broken."""
    after = read()
    changed = list(changes(read(before), after))
    print("\n".join(changed) if changed else "the catalogue is as it was")
    broken = [problem for name in uses.environments() for problem in uses.broken(name, after)]
    print(f"\n{len(broken)} expressions rely on what is not emitted" + "".join(f"\n  {one}" for one in broken))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

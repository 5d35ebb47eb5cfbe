"""How much of the rules their tests hold, and what is missing, in words that a person reads in seconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.coverage.parts import Break, Kind, Part, Rule

# Failing tests by the number of a break; RULE is the rule as it stands.
Noticed = Mapping[int, set[int]]
RULE = -1

KINDS: dict[Kind, str] = {"rule": "rules", "branch": "branches", "threshold": "thresholds"}

# What no test can hold, by alert file and piece, and why. An entry that is not needed fails.
EXCEPTIONS = {
    ("CniAddFailures", '|= "ADD failed"'): "it only saves Loki from reading every other line as JSON",
    ("WindowsTaskStale", 'or label_replace(up{job="windows"} == 1, "task", "watch-heartbeat", "", "")'): (
        "only where Windows is the far end of the dead man's switch is this task: a test of it would fail elsewhere"
    ),
}


@dataclass(frozen=True)
class Judged:
    """A rule, its pieces (none: it is disabled), and of each test whether it expects something. `page`: its file."""

    page: str
    rule: Rule
    parts: tuple[Part, ...]
    expects: tuple[bool, ...]

    @property
    def name(self) -> str:
        """The alert, or the series that is recorded."""
        return str(self.rule.get("alert") or self.rule["record"])

    @property
    def breaks(self) -> list[Break]:
        """Every way to break it; their numbers are their places here."""
        return [one for part in self.parts for one in part.breaks]

    def gap(self, part: Part, noticed: Noticed) -> str:
        """How a piece can be broken so that no test fails, and the test that is missing; empty if its tests hold it."""
        begin = sum(len(one.breaks) for one in self.parts[: self.parts.index(part)])
        for number, one in enumerate(part.breaks, begin):
            if not noticed[number]:
                return f"{one.how}, and no test fails. Write {one.missing}."
        if part.kind == "rule" and "alert" in self.rule and not self._is_silent(noticed):
            return "no test would fail if it fired too often. Write one in which it is silent though it nearly fires."
        return ""

    def _is_silent(self, noticed: Noticed) -> bool:
        """Whether a test expects nothing, and would fail if the rule were another."""
        silent = {number for number, expects in enumerate(self.expects) if not expects}
        return any(tests & silent for tests in noticed.values())


@dataclass(frozen=True)
class Coverage:
    """What is held of an environment's rules, of how much, and what is not."""

    summary: str
    gaps: tuple[str, ...]


def coverage(title: str, found: Iterable[tuple[Judged, Noticed]]) -> Coverage:
    """Count pieces, and tell every gap that is no exception, and every exception that is no gap."""
    counted = {kind: [0, 0, 0] for kind in KINDS}
    gaps, disabled = [], 0
    for judged, noticed in found:
        if noticed[RULE]:
            gaps.append(f"{_place(judged)}: its own tests fail.")
        disabled += not judged.parts
        for part in judged.parts:
            gap = judged.gap(part, noticed)
            # A rule that need not be silent must fire all the same.
            excepted = (judged.page, part.text) in EXCEPTIONS and (part.kind != "rule" or bool(noticed[0]))
            counted[part.kind][0] += not gap
            counted[part.kind][1] += 1
            counted[part.kind][2] += bool(gap) and excepted
            if gap and not excepted:
                gaps.append(f"{_place(judged)}, `{part.text}`: {gap}")
            elif excepted and not gap:
                gaps.append(f"{_place(judged)}, `{part.text}`: its tests hold it. Take it out of EXCEPTIONS.")
    told = [
        f"{KINDS[kind]} {held}/{every}" + (f" ({excepted} excepted)" if excepted else "")
        for kind, (held, every, excepted) in counted.items()
    ]
    told += [f"{disabled} disabled"] if disabled else []
    return Coverage(f"{title}: " + ", ".join(told), tuple(gaps))


def _place(judged: Judged) -> str:
    source = f"alerts/{judged.page}.yaml" if "alert" in judged.rule else "generators/prometheus/objective_tests.py"
    return source if judged.name == judged.page else f"{source} ({judged.name})"

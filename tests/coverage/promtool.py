"""Which breaks of the rules of an environment their unit tests notice, as promtool says.

All breaks of a rule stand side by side in one rules file, each under a name of its own, and every test asks each of
them what it asks the rule: promtool then starts once for many, and loads a test's series once for all.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from tests.coverage.parts import Rule, parts
from tests.coverage.report import RULE, Judged, Noticed

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

# What promtool prints: the file; of what fails in it the test (of alerts alone) and what was asked; and the rules that
# it cannot evaluate, at which it ends the test.
_FILE = re.compile(r"^Processing test file: .*?(\d+)\.yml$", re.M)
_FAILED = re.compile(r"^ *(?:name: (?P<test>\d+),$|(?:alertname|expr): (?P<asked>.*), time: )", re.M)
_REFUSED = re.compile(r"^ *rule: \S+__(\d+), time: ", re.M)
_NUMBER = re.compile(r"__(\d+)\b")

_PROCESSES = os.cpu_count() or 1


@dataclass(frozen=True)
class _Suite:
    """A rule and the tests that ask it, in promtool's form; and which of its breaks promtool can evaluate."""

    judged: Judged
    tests: tuple[Mapping[str, Any], ...]
    interval: str
    refused: frozenset[int] = frozenset()

    @property
    def rules(self) -> dict[int, Rule]:
        rules = {RULE: self.judged.rule} | {number: one.rule for number, one in enumerate(self.judged.breaks)}
        return {number: rule for number, rule in rules.items() if number not in self.refused}


def measure(promtool: Path, prometheus: Path, folder: Path) -> list[tuple[Judged, Noticed]]:
    """What is noticed of each rule of a rendered folder `/etc/prometheus`; `folder` is for scratch."""
    suites, said = dict(enumerate(_suites(prometheus))), dict[int, str]()
    again = list(suites)
    while again:
        said |= _ask(promtool, {number: suites[number] for number in again}, folder)
        refused = {number: frozenset(int(one) - 1 for one in _REFUSED.findall(said[number])) for number in again}
        again = [number for number in again if refused[number]]
        for number in again:
            assert RULE not in refused[number], said[number]
            suites[number] = replace(suites[number], refused=suites[number].refused | refused[number])
    return [(suite.judged, _noticed(suite, said[number])) for number, suite in suites.items()]


def rules(prometheus: Path) -> Iterator[Judged]:
    """Each rule of a rendered folder, and its pieces."""
    return (suite.judged for suite in _suites(prometheus))


def _noticed(suite: _Suite, said: str) -> Noticed:
    # A rule that Prometheus cannot evaluate (two series of the same labels) fails every test.
    every = set(range(len(suite.tests)))
    found = {number: set(every) for number in suite.refused} | {number: set[int]() for number in suite.rules}
    test = 0
    for match in _FAILED.finditer(said):
        test = int(match["test"]) if match["test"] else test
        for number in _NUMBER.findall(match["asked"] or ""):
            found[int(number) - 1].add(test)
    return found


def _suites(prometheus: Path) -> Iterator[_Suite]:
    for path in sorted((prometheus / "rules").glob("*.yml")):
        suite = _read(prometheus / "tests" / path.name)
        for group in _read(path)["groups"]:
            for rule in group["rules"]:
                kind = "alert_rule_test" if "alert" in rule else "promql_expr_test"
                tests = tuple(_asking(rule, kind, suite["tests"]))
                expects = tuple(
                    any(one.get("exp_alerts", one.get("exp_samples")) for one in test[kind]) for test in tests
                )
                judged = Judged(path.stem, rule, () if _is_disabled(tests) else parts(rule), expects)
                yield _Suite(judged, tests, suite["evaluation_interval"])


def _is_disabled(tests: tuple[Mapping[str, Any], ...]) -> bool:
    """Whether the tests are those of an alert that an environment has switched off for a while: it must never fire."""
    return bool(tests) and all(test["name"].endswith("(disabled: never)") for test in tests)


def _asking(rule: Rule, kind: str, tests: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The tests in which a rule is asked, with what is asked of it alone."""
    for test in tests:
        asked = [one for one in test.get(kind, ()) if _of(rule, one, 0)]
        if asked:
            yield {name: test[name] for name in ("name", "interval", "input_series")} | {kind: asked}


def _of(rule: Rule, asked: Mapping[str, Any], number: int) -> dict[str, Any]:
    """What is asked of a rule, asked of the break of this number; empty if it is asked of another rule."""
    if "alert" in rule:
        own = asked["alertname"] == rule["alert"]
        return {**asked, "alertname": f"{rule['alert']}__{number + 1}"} if own else {}
    series = re.compile(rf"(?<![\w:]){re.escape(rule['record'])}(?![\w:])")
    expression, count = series.subn(f"{rule['record']}__{number + 1}", asked["expr"])
    samples = [
        {**sample, "labels": series.sub(f"{rule['record']}__{number + 1}", sample["labels"])}
        for sample in asked["exp_samples"]
    ]
    return {**asked, "expr": expression, "exp_samples": samples} if count else {}


def _ask(promtool: Path, suites: Mapping[int, _Suite], folder: Path) -> dict[int, str]:
    """What promtool says of each suite, asked by several processes."""
    files = [_written(number, suite, folder) for number, suite in suites.items()]
    shares = [share for start in range(_PROCESSES) if (share := files[start::_PROCESSES])]

    def ask(share: list[Path]) -> str:
        command = [str(promtool), "test", "rules", *map(str, share)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        return done.stdout

    with ThreadPoolExecutor(_PROCESSES) as pool:
        pieces = [piece for said in pool.map(ask, shares) for piece in _FILE.split(said)[1:]]
    found = {int(number): text for number, text in zip(pieces[::2], pieces[1::2], strict=True)}
    for number in suites:  # a file that promtool could not read at all would be a break that everybody notices
        assert any(word in found[number] for word in ("SUCCESS", "name: ", "expr: ", "rule: ")), found[number]
    return found


def _written(number: int, suite: _Suite, folder: Path) -> Path:
    """The files of a suite; the path of its tests."""
    rule, key = suite.judged.rule, "alert" if "alert" in suite.judged.rule else "record"
    broken = [{**one, key: f"{rule[key]}__{place + 1}"} for place, one in suite.rules.items()]
    _write(folder / f"rules-{number}.yml", {"groups": [{"name": "broken", "rules": broken}]})
    tests = [
        {
            **test,
            "name": str(place),
            **{
                kind: [_of(rule, one, n) for one in test[kind] for n in suite.rules] for kind in test if "_test" in kind
            },
        }
        for place, test in enumerate(suite.tests)
    ]
    data = {"rule_files": [f"rules-{number}.yml"], "evaluation_interval": suite.interval, "tests": tests}
    return _write(folder / f"{number}.yml", data)


def _read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader


def _write(path: Path, data: Any) -> Path:
    path.write_text(yaml.dump(data, Dumper=_DUMPER, allow_unicode=True), encoding="utf-8")
    return path

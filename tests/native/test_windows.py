"""A real grammar and a set of rules judge PowerShell; the schema of the Task Scheduler, in a table, judges tasks."""

from __future__ import annotations

import codecs
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.conftest import ROOT, Programs
from tests.native.conftest import Judge, rendered
from tests.powershell.machine import Scratch
from tests.powershell.rules import RULES, Rule, faults
from tests.powershell.tree import parse

SCRIPTS = sorted((ROOT / "generators/windows/host").glob("*.ps1"))

# A sample that breaks each rule, and no other one.
STRICT = "Set-StrictMode -Version Latest\n$ErrorActionPreference = 'Stop'\n"
BAD = {
    "asks_the_web_without_a_browser": "Invoke-WebRequest -Uri $url -TimeoutSec 5\n",
    "is_not_newer_than_5_1": "Get-Item -LiteralPath $a && Get-Item -LiteralPath $b\n",
    "is_strict": "",
    "looks_at_exit_codes": "& $program @words\n",
    "names_encodings": "Get-Content -LiteralPath $path -Raw\n",
    "names_paths_literally": "Test-Path $path\n",
    "parses": "if ($a {\n",
    "redirects_nothing": "Get-Date > $path\n",
    "runs_no_text": "Invoke-Expression $text\n",
    "sets_no_automatic_variable": "$host = 1\n",
    "uses_no_alias": "ls\n",
    "writes_times_without_a_culture": "$time.ToString('yyyy')\n",
}
NEWER = [
    "$a = $b ? 1 : 2\n",
    "$a = $b ?? 1\n",
    "Get-Item -LiteralPath $a || exit 1\n",
    "$a?.B\n",
    "Get-Content -LiteralPath $a -Encoding utf8NoBOM\n",
    "ConvertFrom-Json $a -AsHashtable\n",
]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_rule_finds_a_fault_in_a_script(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_each_rule_finds_what_it_is_for(rule: Rule) -> None:
    source = BAD[rule.__name__] if rule.__name__ == "is_strict" else STRICT + BAD[rule.__name__]
    assert list(rule(parse(source.encode()), source))
    assert not list(rule(parse(STRICT.encode()), STRICT))


@pytest.mark.parametrize("source", NEWER)
def test_what_came_after_5_1_is_found(source: str) -> None:
    assert any(fault.startswith("is_not_newer_than_5_1") for fault in faults(STRICT + source))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_lands_with_a_mark_and_the_line_ends_of_windows(path: Path) -> None:
    landed = [other.read_bytes() for other in rendered(f"*/*/windows/*/*/ops/{path.name}")]
    assert landed
    expected = codecs.BOM_UTF8 + path.read_bytes().replace(b"\n", b"\r\n")
    assert set(landed) == {expected}
    assert b"\r" not in path.read_bytes()


# --- the Task Scheduler: [MS-TSCH] 2.5. A list has an order, a set has none. ---

NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
BASE = ["Enabled", "StartBoundary", "EndBoundary", "Repetition", "ExecutionTimeLimit"]
CHILDREN: dict[str, list[str] | set[str]] = {
    "Task": {"RegistrationInfo", "Triggers", "Settings", "Data", "Principals", "Actions"},
    "RegistrationInfo": {
        "URI", "SecurityDescriptor", "Source", "Date", "Author", "Version", "Description", "Documentation",
    },
    "BootTrigger": [*BASE, "Delay"],
    "LogonTrigger": [*BASE, "UserId", "Delay"],
    "TimeTrigger": [*BASE, "RandomDelay"],
    "Repetition": {"Interval", "Duration", "StopAtDurationEnd"},
    "Principals": ["Principal"],
    "Principal": {
        "UserId", "LogonType", "GroupId", "DisplayName", "RunLevel", "ProcessTokenSidType", "RequiredPrivileges",
    },
    "Settings": {
        "AllowStartOnDemand", "RestartOnFailure", "MultipleInstancesPolicy", "DisallowStartIfOnBatteries",
        "StopIfGoingOnBatteries", "AllowHardTerminate", "StartWhenAvailable", "NetworkProfileName",
        "RunOnlyIfNetworkAvailable", "WakeToRun", "Enabled", "Hidden", "DeleteExpiredTaskAfter", "IdleSettings",
        "NetworkSettings", "ExecutionTimeLimit", "Priority", "RunOnlyIfIdle",
    },
    "Actions": ["Exec"],
    "Exec": {"Command", "Arguments", "WorkingDirectory"},
}  # fmt: skip
BOOLEAN, SPAN = "true|false", r"P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?"
VALUES = {
    "Enabled": BOOLEAN,
    "StartBoundary": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d",
    "Interval": SPAN,
    "StopAtDurationEnd": BOOLEAN,
    "Delay": SPAN,
    "UserId": r"S-1-5-1[89]|[A-Za-z][A-Za-z0-9._-]*",
    "LogonType": "S4U|Password|InteractiveToken|InteractiveTokenOrPassword",
    "RunLevel": "LeastPrivilege|HighestAvailable",
    "MultipleInstancesPolicy": "Parallel|Queue|IgnoreNew|StopExisting",
    "ExecutionTimeLimit": SPAN,
    "Command": r"[A-Z]:\\.{1,250}",
    **dict.fromkeys(
        ("AllowHardTerminate", "AllowStartOnDemand", "DisallowStartIfOnBatteries", "RunOnlyIfIdle"), BOOLEAN
    ),
    **dict.fromkeys(("StartWhenAvailable", "StopIfGoingOnBatteries"), BOOLEAN),
}
TASKS = rendered("*/*/windows/*/*/ops/tasks/*.xml")


def structure_faults(element: ET.Element) -> list[str]:
    name = element.tag.removeprefix(NAMESPACE)
    inner = [child.tag.removeprefix(NAMESPACE) for child in element]
    found = [fault for child in element for fault in structure_faults(child)]
    if name == "Triggers":
        return found + [trigger for trigger in inner if not trigger.endswith("Trigger")]
    if not inner:
        if name in VALUES and not re.fullmatch(VALUES[name], element.text or ""):
            found.append(f"{name}: {element.text}")
        return found
    allowed = CHILDREN[name]
    found += [f"{name}/{child}" for child in inner if child not in allowed]
    found += [f"{name}/{child} twice" for child in set(inner) if inner.count(child) > 1]
    if isinstance(allowed, list) and not found and sorted(inner, key=allowed.index) != inner:
        found.append(f"{name}: {', '.join(inner)} is out of order")
    return found


def read_task(path: Path) -> ET.Element:
    data = path.read_bytes()
    assert data.startswith(codecs.BOM_UTF16_LE)
    text = data.decode("utf-16")
    assert text.startswith('<?xml version="1.0" encoding="UTF-16"?>\r\n')
    assert "\n" not in text.replace("\r\n", "")
    return ET.fromstring(data)  # the parser goes by the declaration  # noqa: S314 - our own file


@pytest.mark.parametrize("path", TASKS, ids=lambda path: f"{path.parts[-7]}-{path.stem}")
def test_the_task_scheduler_takes_every_task(path: Path) -> None:
    task = read_task(path)
    assert structure_faults(task) == []
    texts = {element.tag.removeprefix(NAMESPACE): element.text or "" for element in task.iter()}
    assert (texts["DisallowStartIfOnBatteries"], texts["StopIfGoingOnBatteries"]) == ("false", "false")
    assert texts["StartWhenAvailable"] == "true"
    assert texts["ExecutionTimeLimit"] == ("PT0S" if path.stem == "keep-alive" else "PT1H")
    if path.stem == "keep-alive":
        assert {"BootTrigger", "LogonTrigger", "TimeTrigger"} <= set(texts)
        assert texts["LogonType"] == "Password"
        assert re.fullmatch(r"--distribution \S+ --exec /usr/bin/sleep infinity", texts["Arguments"])
    else:
        assert texts["UserId"] == ("S-1-5-18" if path.stem == "keep-route" else "S-1-5-19")
        script = re.search(r'-File "(.*)"$', texts["Arguments"])
        assert script is not None
        drive, *parts = script[1].replace("\\", "/").split("/")
        host = path.parents[4] if parts[0] == path.parts[-4] else path.parents[3]
        assert (host / drive[0].lower() / Path(*parts)).is_file(), script[1]


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("<StartBoundary>2026-01-01T00:00:00</StartBoundary>", ""),  # moved behind Repetition below
        ("PT1M", "1 minute"),
        ("<Exec>", "<Exec><Shell/>"),
        ("IgnoreNew", "Ignore"),
        ("<RunLevel>", "<RunLevel>LeastPrivilege</RunLevel><RunLevel>"),
    ],
)
def test_a_broken_task_is_found(good: str, bad: str) -> None:
    (path, *_) = (path for path in TASKS if path.stem == "keep-alive")
    text = path.read_bytes().decode("utf-16").split("?>", 1)[1]
    assert good in text
    broken = text.replace(good, bad, 1)
    if not bad:
        broken = broken.replace("</Repetition>", f"</Repetition>{good}", 1)
    assert structure_faults(ET.fromstring(broken)) != []  # noqa: S314 - our own file


def test_promtool_has_no_remark_on_what_the_scripts_write(program: Programs, judge: Judge, tmp_path: Path) -> None:
    flatnet = tmp_path / "F:/flatnet"
    shutil.copytree(ROOT / "rendered/production/tokyo-1/windows/f/flatnet", flatnet)
    for folder in ("logs/collected", "ops/state", "ops/textfile", "ops/generations"):
        (flatnet / folder).mkdir(parents=True)
    (flatnet / "logs/access.log").write_text("x\n", encoding="utf-8")
    assert Scratch(tmp_path).run_script(flatnet / "ops/rotate-logs.ps1") == 0
    written = sorted((flatnet / "ops/textfile").iterdir())
    assert [path.name for path in written] == ["logs.prom", "rotate-logs.prom"]
    for path in written:
        judge(["sh", "-c", '"$0" check metrics < "$1"', program("promtool"), path])

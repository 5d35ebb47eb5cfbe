"""The commands of the runbooks: a shell, shellcheck and PowerShell's grammar read each, and each exists on the host."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from model.alert import Command
from model.catalogue import Alert
from model.deployment import Deployment
from tests.conftest import ROOT
from tests.native.conftest import Judge, rendered
from tests.powershell import rules
from tests.powershell.tree import parse

# What the image of Ubuntu 24.04 for WSL brings, by package; what else is used stands on the install page.
UBUNTU = {
    "bash": "cd echo for read while",
    "coreutils": "cat comm cp cut date df du head ls mkdir mv rm sha256sum sort stat sync tail test touch tr uniq wc",
    "findutils": "find xargs",
    "gawk or mawk": "awk",
    "grep": "grep",
    "iproute2": "ip ss",
    "libc-bin": "getent",
    "procps": "free pgrep ps vmstat",
    "sed": "sed",
    "systemd": "journalctl systemctl",
    "util-linux": "fstrim logger mountpoint mount",
    "Windows": "powershell.exe",
}
BROUGHT = {
    "curl": "curl",
    "jq": "jq",
    "openssl": "openssl",
    "podman": "podman",
    "psmisc": "fuser",
    "python3": "python3",
}
# What PowerShell rules ask of a script, and a command that a person types need not have.
TYPED = (
    rules.asks_the_web_without_a_browser,
    rules.is_not_newer_than_5_1,
    rules.parses,
    rules.runs_no_text,
    rules.uses_no_alias,
)


def commands(deployment: Deployment, side: str) -> Iterator[tuple[Alert, Command]]:
    """Every command of the runbooks that is typed on a side."""
    for alert in deployment.alerts:
        first = [alert.first_step] if alert.job else []
        for step in (*first, *alert.file.diagnosis, *alert.file.remedy):
            if step.run and step.run.on == side:
                yield alert, step.run


def programs(command: str) -> Iterator[str]:
    """The words of a shell command that stand where a program does."""
    words = shlex.shlex(command.replace("\\\n", " ").replace("\n", " ; "), posix=True, punctuation_chars="();<>|&")
    words.whitespace_split = True
    first = True
    for word in words:
        if re.fullmatch(r"[();|&]+|<\(|\|\||&&|do|then|else", word):
            first = True
        elif re.fullmatch(r"[<>&]+", word):
            first = False
        elif first and not re.match(r"\w+=", word):
            if word not in {"done", "fi"}:
                yield word
            first = False


def test_programs_are_found() -> None:
    text = "a 'b | c' | d; X=1 e && f <(g h) </dev/null\nfor x in 1; do i $x; done | xargs j"
    assert list(programs(text)) == ["a", "d", "e", "f", "g", "for", "i", "xargs"]


def test_every_program_is_on_the_host(deployment: Deployment) -> None:
    page = next((ROOT / f"rendered/{deployment.name}/handbook/en/install").iterdir()).read_text(encoding="utf-8")
    (installed,) = re.findall(r"^apt-get install --yes (.*)$", page, re.MULTILINE)
    assert set(BROUGHT) <= set(installed.split())
    known = {name for names in (*UBUNTU.values(), *BROUGHT.values()) for name in names.split()}
    ours = ("/usr/local/lib/flatnet-ops/", deployment.environment.cni.binary, deployment.environment.cni.shim)
    unknown = {
        (alert.page, program)
        for alert, command in commands(deployment, "wsl")
        for program in programs(command.command)
        if program not in known and not program.startswith(ours) and program != "$program"
    }
    assert unknown == set()


def test_shellcheck_takes_every_command(deployment: Deployment, judge: Judge, tmp_path: Path) -> None:
    every = sorted({command.command for _, command in commands(deployment, "wsl")})
    assert len(every) > 80
    script = tmp_path / "commands.bash"
    script.write_text("#!/bin/bash\n" + "\n".join(f"(\n{command}\n)" for command in every) + "\n", encoding="utf-8")
    judge(["bash", "-n", script])
    judge([ROOT / ".venv/bin/shellcheck", script])


def typed(command: str) -> str:
    """A command as the grammar reads it, which knows neither lists of bare words (`Name, Id`) nor sizes (`1GB`)."""
    listed = r"(?<=[\s,])[A-Za-z*.][\w.*]*(?=,\s)|(?<=,\s)[A-Za-z*.][\w.*]*(?=[\s;)}]|$)"
    return re.sub(r"(?<=\d)[KMG]B\b", "", re.sub(listed, r"'\g<0>'", command)) + "\n"


def test_what_is_no_powershell_is_found() -> None:
    wrong = ["Get-Item (a", "Get-Process | Sort-Object {", "if ($a { 1 }", "Get-Item 'a"]
    assert [text for text in wrong if not list(rules.parses(parse(typed(text).encode()), typed(text)))] == []
    assert typed("Select-Object -First 10 Name, Id, @{ e = { $_.X / 1MB } }") == (
        "Select-Object -First 10 'Name', 'Id', @{ e = { $_.X / 1 } }\n"
    )


@pytest.mark.parametrize("rule", TYPED, ids=lambda rule: rule.__name__)
def test_powershell_takes_every_command(deployment: Deployment, rule: rules.Rule) -> None:
    every = {(alert.page, typed(command.command)) for alert, command in commands(deployment, "windows")}
    assert len(every) > 25
    faults = [(page, fault) for page, text in sorted(every) for fault in rule(parse(text.encode()), text)]
    assert faults == []


@pytest.mark.parametrize("rule", TYPED, ids=lambda rule: rule.__name__)
def test_powershell_takes_the_commands_of_the_install_pages(rule: rules.Rule) -> None:
    for page in rendered("*/handbook/en/install/*.md"):
        blocks = re.findall(r"^```powershell\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
        assert len(blocks) > 5
        assert [fault for block in map(typed, blocks) for fault in rule(parse(block.encode()), block)] == [], page

"""`flatnet-ops secrets` tells the facts of the install page."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.__main__ import main
from model.deployment import Deployment
from model.secrets import secrets
from tests.conftest import ROOT


def test_every_secret_of_every_host_is_listed_with_its_command(
    checkout: Path, multi_host: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["secrets", "multi-host"]) == 0
    told = capsys.readouterr().out
    for name, host in multi_host.environment.hosts.items():
        section = told.split(f"# {name}\n")[1].split("\n# osaka")[0]
        for secret in secrets(multi_host.environment, host):
            row = next(line for line in section.splitlines() if line.startswith(secret.path))
            assert secret.what.en in row
            assert all(reader in row for reader in secret.readers)
            assert f"\n# {secret.name} (" in section


def test_one_host_alone_in_the_language_of_the_environment(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["secrets", "multi-host", "--host", "osaka-2"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("# osaka-2\n")
    assert "# osaka-1\n" not in told
    assert "# WSL on osaka-1: `cat /etc/flatnet-ops/secrets/gateway-ca-key`\n" in told
    assert told.splitlines()[1].split() == ["PATH", "SIDE", "OWNER", "MODE", "READ", "BY", "WHAT"]
    assert main(["secrets", "production"]) == 0
    told = capsys.readouterr().out
    assert "バックアップのパスワード" in told
    assert told.splitlines()[1].split() == ["パス", "場所", "所有者", "モード", "読むプログラム", "内容"]


def test_columns_stand_below_their_heads_where_characters_are_wide(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["secrets", "production"]) == 0
    head, *rows = capsys.readouterr().out.split("\n\n")[0].splitlines()[1:]
    place = len(head[: head.index("モード")].encode("euc-jp"))  # two bytes for what is two columns wide
    assert rows
    assert {row[place - 2 : place] for row in rows} == {"  "}
    assert {row[place : place + 4] for row in rows} == {"0400", "-   "}


def test_an_unknown_host_is_told_with_those_that_there_are(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["secrets", "multi-host", "--host", "osaka-9"]) == 1
    assert "there is no host `osaka-9`; did you mean `osaka-3`?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environment", "made"),
    [
        ("multi-host", "gateway-certificate renew"),  # a CA of one's own
        ("production", "gateway-certificate request"),  # the company's CA
    ],
)
def test_the_key_of_the_gateway_is_made_in_wsl_as_the_install_page_says(
    checkout: Path, capsys: pytest.CaptureFixture[str], environment: str, made: str
) -> None:
    assert main(["secrets", environment]) == 0
    told = capsys.readouterr().out
    command = told.split("\n# gateway.key (WSL)\n")[1].split("\n\n")[0]
    assert made in command
    for page in (ROOT / "rendered" / environment / "handbook" / "en" / "install").iterdir():
        assert f"```console\n{command}\n" in page.read_text(encoding="utf-8")

"""`flatnet-ops explain`: what a value is, where it comes from, and where it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.__main__ import main


def test_explain_tells_value_origin_what_it_overrode_and_the_files(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = checkout / "environments" / "production" / "operations.yaml"
    path.write_text(
        path.read_text(encoding="utf-8") + "\nalerts:\n  thresholds:\n    disk_critical: 93\n", encoding="utf-8"
    )
    assert main(["explain", "production", "alerts.thresholds.disk_critical"]) == 0
    told = capsys.readouterr().out
    assert "alerts.thresholds.disk_critical = 93\n" in told
    assert "environments/production/operations.yaml" in told
    assert "overrode  90  (environments/policies/policies.yaml" in told
    assert "rendered/production/tokyo-1/wsl/etc/prometheus/rules/DiskAlmostFull.yml" in told


def test_explain_finds_another_value_for_an_empty_list(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "production", "objectives.latency.sites"]) == 0
    assert "rendered with `[forgejo]`" in capsys.readouterr().out


def test_explain_says_when_no_other_value_is_possible(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "production", "notifications.routes.critical.hours"]) == 0
    assert "no other value was found" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("path", "told", "file"),
    [
        (
            "hosts.tokyo-1.windows.vhdx_drive",
            "set in    environments/production/hosts.yaml",
            "handbook/en/install/tokyo-1.md",
        ),
        ("objectives.latency.limit", "rendered with `5s`", "tokyo-1/wsl/etc/prometheus/rules/objectives.yml"),
        ("retention.logs.cni.rotate", "the model's default", "tokyo-1/wsl/etc/logrotate.d/flatnet-ops"),
        ("retention.logs.system.max_size", "the model's default", "journald.conf.d/flatnet-ops.conf"),
        ("security.firewall", "= {}", "tokyo-1/windows/f/flatnet/ops/firewall.json"),
    ],
)
def test_explain_finds_another_value_and_where_it_shows(
    checkout: Path, capsys: pytest.CaptureFixture[str], path: str, told: str, file: str
) -> None:
    assert main(["explain", "production", path]) == 0
    printed = capsys.readouterr().out
    assert told in printed
    assert f"{file}\n" in printed


def test_explain_says_what_stands_in_for_a_key_that_is_not_set(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "production", "hosts.tokyo-1.subnet"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("hosts.tokyo-1.subnet is not set\n  means     container subnet")
    assert "  default   10.87.1.0/24, which follows from the rest\n" in told
    assert "  would show in " in told
    assert "rendered/production/tokyo-1/wsl/etc/cni/net.d/flatnet.conflist\n" in told


def test_explain_knows_the_keys_of_what_is_not_set(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "production", "workloads.forgejo.health.command"]) == 0
    told = capsys.readouterr().out
    assert "is not set, since `workloads.forgejo.health` is not\n" in told
    assert "  default   none\n" in told
    assert "rendered/production/tokyo-1/wsl/etc/containers/systemd/forgejo.container\n" in told
    assert main(["explain", "production", "workloads.forgejo.health.comand"]) == 1
    assert "there is no `workloads.forgejo.health.comand`; did you mean `command`?" in capsys.readouterr().err


def test_explain_lists_what_could_be_written_too(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "multi-host", "hosts.osaka-2"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert "hosts.osaka-2.subnet is not set  (derived: 10.100.2.0/24)" in told
    assert any(line.startswith("hosts.osaka-2.id = 2  (environments/multi-host/hosts.yaml:") for line in told)


def test_explain_takes_names_with_dots(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = checkout / "environments" / "production" / "gateway.yaml"
    text = path.read_text(encoding="utf-8").replace("suzuki:", "Suzuki.Ichiro:")
    path.write_text(text, encoding="utf-8")
    assert main(["explain", "production", "security.accounts.Suzuki.Ichiro.role"]) == 0
    assert capsys.readouterr().out.startswith("security.accounts.Suzuki.Ichiro.role = editor\n")

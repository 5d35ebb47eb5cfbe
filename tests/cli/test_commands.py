"""Commands as a person types them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cli.__main__ import COMMANDS, main
from tests.conftest import ROOT


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert "usage: flatnet-ops" in capsys.readouterr().out


def test_help_lists_every_command_and_loads_nothing() -> None:
    script = "import sys; from cli.__main__ import main; main(['--help']); assert 'pydantic' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert all(command in done.stdout for command in COMMANDS)


def test_a_bug_of_ours_is_told_in_two_lines_and_has_its_own_exit_code(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cli.render.render_all", lambda: 1 / 0)
    assert main(["render"]) == 70
    error = capsys.readouterr().err
    assert "This is a bug of flatnet-ops" in error
    assert "Traceback" not in error


@pytest.mark.parametrize("place", ["importlib.import_module", "cli.render.render_all"])
def test_an_interruption_is_told_in_a_line_from_the_first_moment(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(place, interrupted)
    assert main(["render"]) == 130
    assert capsys.readouterr().err == "interrupted; what was written is whole, and the next run completes it\n"


def test_a_new_environment_renders_at_once(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "kyoto", "--networking", "mirrored", "--language", "en", "--domain", "kyoto.example.jp"]) == 0
    assert main(["render"]) == 0
    assert (checkout / "rendered" / "kyoto" / "manifest.json").is_file()
    text = (checkout / "environments" / "kyoto" / "hosts.yaml").read_text(encoding="utf-8")
    assert "networking: mirrored" in text
    assert "extends: policies" in text


def test_new_writes_nothing_when_the_answers_make_no_environment(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "kyoto", "--lan-address", "300.1.1.1"]) == 1
    assert "environments/kyoto/hosts.yaml:9:18" in capsys.readouterr().err
    assert not (checkout / "environments" / "kyoto").exists()


def test_render_check_fails_on_what_is_missing_different_or_stale(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["render"]) == 0
    assert main(["render", "--check"]) == 0
    tree = checkout / "rendered" / "production"
    (tree / "stale").write_text("", encoding="utf-8")
    manifest = tree / "manifest.json"
    manifest.write_text("{}", encoding="utf-8")
    (checkout / "rendered" / "multi-host" / "manifest.json").unlink()
    capsys.readouterr()
    assert main(["render", "--check"]) == 1
    told = capsys.readouterr().err
    assert "missing: rendered/multi-host/manifest.json" in told
    assert "different: rendered/production/manifest.json" in told
    assert "stale: rendered/production/stale" in told

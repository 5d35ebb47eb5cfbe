"""The Gateway reads where each port of a container answers; under mirrored networking units lead there."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.generators.cni_host import Cni, allocations, listed, module

HELD = {"a": "10.87.1.5", "b": "10.87.1.6", "gone": "10.87.1.7"}
FORGEJO = {"forgejo:3000": "10.87.1.5:3000"}
IP = """#!/bin/sh
[ "$*" = "-json -4 route get 192.0.2.1" ] || exit 2
echo '[{"dst":"192.0.2.1","gateway":"172.20.16.1","dev":"eth0","prefsrc":"172.20.20.5","flags":[]}]'
"""


def way(workload: str, port: int, folder: Path, local: int | None = None) -> dict[str, Any]:
    unit, target = f"flatnet-forward-{workload}-{port}", str(folder / f"forwards/{workload}-{port}")
    return {"workload": workload, "port": port, "local": local, "unit": unit, "target": target}


@pytest.fixture
def cni(tmp_path: Path) -> Cni:
    made = Cni(tmp_path / "cni")
    made.set(ways=[way("forgejo", 3000, made.folder), way("runner", 80, made.folder), way("runner", 81, made.folder)])
    return made


@pytest.fixture
def mirrored(cni: Cni) -> Cni:
    """A host whose Windows reaches containers by ports of loopback. What systemd is told stands in `told`."""
    cni.set(ways=[way("forgejo", 3000, cni.folder, 20731), way("runner", 80, cni.folder, 20100)])
    systemctl = (
        f'#!/bin/sh\necho "$*" >>{cni.folder}/told\n[ ! -e {cni.folder}/broken ] || {{ echo no bus >&2; exit 1; }}\n'
    )
    program(cni, "systemctl", systemctl)
    return cni


def program(cni: Cni, name: str, text: str) -> None:
    (cni.programs() / name).write_text(text, encoding="utf-8")
    (cni.programs() / name).chmod(0o755)


def told(cni: Cni) -> list[str]:
    """What systemd was told since the last look."""
    file = cni.folder / "told"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return lines


def target(cni: Cni) -> Path:
    return cni.folder / "windows/ops/from-wsl/upstreams.json"


def read(cni: Cni) -> Any:
    return json.loads(target(cni).read_text(encoding="utf-8"))


def run(cni: Cni, podman: str | None) -> Any:
    return cni.script("upstreams", podman, {})


def test_each_port_of_a_site_and_no_other(cni: Cni) -> None:
    cni.allocations.write_text(allocations(HELD), encoding="utf-8")
    assert run(cni, listed(("b", "runner"), ("a", "forgejo"), ("c", "none"))).returncode == 0
    assert read(cni) == {**FORGEJO, "runner:80": "10.87.1.6:80", "runner:81": "10.87.1.6:81"}
    assert [path.name for path in target(cni).parent.iterdir()] == ["upstreams.json"]


def test_what_has_not_changed_is_not_written(cni: Cni) -> None:
    cni.allocations.write_text(allocations(HELD), encoding="utf-8")
    run(cni, listed(("a", "forgejo")))
    before = target(cni).stat().st_ino
    assert run(cni, listed(("a", "forgejo"))).stdout == ""
    assert target(cni).stat().st_ino == before


def test_before_the_first_container_the_file_is_empty(cni: Cni) -> None:
    assert run(cni, None).returncode == 0
    assert target(cni).read_text(encoding="utf-8") == "{}\n"


def test_nothing_is_written_below_a_drive_that_is_not_there(cni: Cni) -> None:
    """It would lie on the VHDX, and Windows would keep the old addresses for ever."""
    cni.set(mount=str(cni.folder / "windows"))
    done = run(cni, None)
    assert (done.returncode, list((cni.folder / "windows/ops").iterdir())) == (1, [])
    assert "nothing is mounted at" in done.stderr
    assert not (cni.folder / "textfile/told-windows.prom").exists()


def test_no_folder_is_made_above_that_of_wsl(cni: Cni) -> None:
    """Those of Windows have rights that prepare.ps1 gives them."""
    (cni.folder / "windows/ops").rmdir()
    done = run(cni, None)
    assert (done.returncode, (cni.folder / "windows/ops").exists()) == (1, False)
    assert "run prepare.ps1" in done.stderr


@pytest.mark.parametrize(("podman", "content"), [(None, allocations(HELD)), (listed(("a", "forgejo")), "{")])
def test_what_cannot_be_read_keeps_the_last_addresses(cni: Cni, podman: str | None, content: str) -> None:
    target(cni).parent.mkdir(parents=True)
    target(cni).write_text(json.dumps(FORGEJO), encoding="utf-8")
    cni.allocations.write_text(content, encoding="utf-8")
    done = run(cni, podman)
    assert done.returncode == 1
    assert "the last addresses are kept" in done.stderr
    assert read(cni) == FORGEJO


def test_a_file_that_is_held_open_is_replaced_once_it_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a Windows drive, where a file that a program holds cannot be renamed over."""
    upstreams = module("upstreams")
    held, rename = [1, 2, 3], Path.rename

    def refused(self: Path, new: Path) -> Path:
        if held:
            held.pop()
            raise PermissionError(13, "Permission denied")
        return rename(self, new)

    monkeypatch.setattr(Path, "rename", refused)
    monkeypatch.setattr(upstreams, "PAUSE", 0)
    upstreams.write(tmp_path / "upstreams.json", "new\n")
    assert (tmp_path / "upstreams.json").read_text(encoding="utf-8") == "new\n"
    held += [1] * upstreams.ATTEMPTS
    with pytest.raises(SystemExit, match="cannot be replaced"):
        upstreams.write(tmp_path / "upstreams.json", "newer\n")
    assert (tmp_path / "upstreams.json").read_text(encoding="utf-8") == "new\n"


def test_addresses_that_change_meanwhile_are_written_too(cni: Cni) -> None:
    """Podman takes its time, and the plugin gives an address in it: a watch of systemd does not see that."""
    cni.allocations.write_text(allocations({"a": "10.87.1.5"}), encoding="utf-8")
    later = cni.folder / "later.json"
    later.write_text(allocations(HELD), encoding="utf-8")
    programs = cni.programs()
    both = listed(("a", "forgejo"), ("b", "runner"))
    (programs / "said.json").write_text(both, encoding="utf-8")
    script = f"#!/bin/sh\nmv {later} {cni.allocations} 2>/dev/null\ncat {programs}/said.json\n"
    (programs / "slow").write_text(script, encoding="utf-8")
    (programs / "slow").chmod(0o755)
    done = cni.script("upstreams", both, {"PATH": f"{_as_podman(programs / 'slow')}:/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    assert read(cni) == {**FORGEJO, "runner:80": "10.87.1.6:80", "runner:81": "10.87.1.6:81"}


def _as_podman(program: Path) -> Path:
    folder = program.parent / "first"
    folder.mkdir()
    os.link(program, folder / "podman")
    return folder


# --- when Windows was told ---

TOLD = 'flatnet_cni_told_windows_timestamp_seconds{part="%s"}'


def test_the_time_of_a_run_in_which_all_went_well_is_a_metric(cni: Cni) -> None:
    before = time.time()
    assert run(cni, None).returncode == 0
    (told,) = cni.metrics("told-windows.prom").items()
    assert told[0] == TOLD % "upstreams"
    assert before - 1 < told[1] < time.time() + 1


def test_a_run_that_fails_keeps_the_time_of_the_last_good_one(cni: Cni) -> None:
    program(cni, "ip", IP)
    cni.set(wsl_address=str(target(cni).with_name("wsl-address")))
    assert run(cni, None).returncode == 0
    before = cni.metrics("told-windows.prom")
    assert before.keys() == {TOLD % "upstreams", TOLD % "wsl_address"}
    program(cni, "ip", "#!/bin/sh\nexit 2\n")
    assert run(cni, None).returncode == 1
    assert cni.metrics("told-windows.prom") == before


# --- nat: Windows has a route that leads to the address of WSL ---


def test_windows_is_told_where_wsl_is(cni: Cni) -> None:
    program(cni, "ip", IP)
    cni.set(wsl_address=str(target(cni).with_name("wsl-address")))
    assert run(cni, None).returncode == 0
    assert target(cni).with_name("wsl-address").read_text(encoding="utf-8") == "172.20.20.5\n"


@pytest.mark.parametrize("said", ["exit 2", "echo '[]'", "echo '[{}]'", "echo nothing"])
def test_the_gateway_is_told_also_when_wsl_has_no_network(cni: Cni, said: str) -> None:
    program(cni, "ip", f"#!/bin/sh\n{said}\n")
    cni.set(wsl_address=str(target(cni).with_name("wsl-address")), ways=[way("forgejo", 3000, cni.folder)])
    cni.allocations.write_text(allocations(HELD), encoding="utf-8")
    done = run(cni, listed(("a", "forgejo")))
    assert (done.returncode, read(cni)) == (1, FORGEJO)
    assert done.stderr.startswith("Windows is not told where WSL is: ip ")
    assert not target(cni).with_name("wsl-address").exists()


# --- mirrored: ports of loopback lead to containers ---


def test_a_port_of_loopback_leads_to_each_container_that_has_an_address(mirrored: Cni) -> None:
    mirrored.allocations.write_text(allocations(HELD), encoding="utf-8")
    assert run(mirrored, listed(("a", "forgejo"))).returncode == 0
    assert read(mirrored) == {"forgejo:3000": "127.0.0.1:20731"}
    assert (mirrored.folder / "forwards/forgejo-3000").read_text(encoding="utf-8") == "TARGET=10.87.1.5:3000\n"
    forgejo, runner = "flatnet-forward-forgejo-3000", "flatnet-forward-runner-80"
    assert told(mirrored) == [
        f"stop {forgejo}.service {runner}.socket {runner}.service",
        f"start {forgejo}.socket",
    ]
    run(mirrored, listed(("a", "forgejo"), ("b", "runner")))
    assert read(mirrored) == {"forgejo:3000": "127.0.0.1:20731", "runner:80": "127.0.0.1:20100"}
    assert told(mirrored) == [f"stop {runner}.service", f"start {forgejo}.socket {runner}.socket"]


def test_a_new_address_ends_what_leads_to_the_old_one(mirrored: Cni) -> None:
    for address in ("10.87.1.5", "10.87.1.9"):
        mirrored.allocations.write_text(allocations({"a": address}), encoding="utf-8")
        told(mirrored)
        assert run(mirrored, listed(("a", "forgejo"))).returncode == 0
    assert told(mirrored)[0].startswith("stop flatnet-forward-forgejo-3000.service ")
    assert (mirrored.folder / "forwards/forgejo-3000").read_text(encoding="utf-8") == "TARGET=10.87.1.9:3000\n"
    assert read(mirrored) == {"forgejo:3000": "127.0.0.1:20731"}


def test_nothing_listens_for_a_container_that_is_gone(mirrored: Cni) -> None:
    mirrored.allocations.write_text(allocations(HELD), encoding="utf-8")
    run(mirrored, listed(("a", "forgejo"), ("b", "runner")))
    told(mirrored)
    mirrored.allocations.write_text(allocations({"a": "10.87.1.5"}), encoding="utf-8")
    assert run(mirrored, listed(("a", "forgejo"))).returncode == 0
    assert read(mirrored) == {"forgejo:3000": "127.0.0.1:20731"}
    assert told(mirrored)[0] == "stop flatnet-forward-runner-80.socket flatnet-forward-runner-80.service"


def test_the_gateway_is_led_to_no_port_that_systemd_does_not_open(mirrored: Cni) -> None:
    mirrored.allocations.write_text(allocations(HELD), encoding="utf-8")
    (mirrored.folder / "broken").touch()
    done = run(mirrored, listed(("a", "forgejo")))
    assert (done.returncode, target(mirrored).exists()) == (1, False)
    assert "no bus" in done.stderr
    (mirrored.folder / "broken").unlink()
    told(mirrored)
    assert run(mirrored, listed(("a", "forgejo"))).returncode == 0
    assert [line.split()[:2] for line in told(mirrored)] == [
        ["stop", "flatnet-forward-forgejo-3000.service"],
        ["start", "flatnet-forward-forgejo-3000.socket"],
    ]

"""What the scripts do that change Windows itself, and the task that runs as the system."""

from __future__ import annotations

import shutil
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.powershell.firewall import Firewall
from tests.powershell.values import Failure, Record
from tests.powershell.windows import ACCOUNT_SID, Windows

OPS = "F:/flatnet/ops"
TOKYO = ROOT / "rendered/production/tokyo-1/windows/f/flatnet"
OSAKA = ROOT / "rendered/multi-host/osaka-1/windows/f/flatnet"


def lay_out(root: Path, rendered: Path = TOKYO) -> Path:
    shutil.copytree(rendered, root / "F:" / "flatnet")
    (root / OPS / "from-wsl").mkdir(exist_ok=True)
    return root


# --- the route to the containers ---

CONTAINERS = "10.87.1.0/24"


@pytest.fixture
def host(tmp_path: Path) -> Windows:
    """A host with an address on the LAN and one that it shares with WSL."""
    own = [IPv4Interface("192.168.10.20/24"), IPv4Interface("127.0.0.1/8"), IPv4Interface("172.20.16.1/20")]
    return Windows(lay_out(tmp_path), own=own)


def keep(host: Windows, address: str | None) -> int:
    if address is not None:
        (host.root / OPS / "from-wsl/wsl-address").write_text(f"{address}\n", encoding="utf-8")
    return host.run_script(host.root / OPS / "keep-route.ps1")


def route(address: str, interface: int = 3, destination: str = CONTAINERS) -> Record:
    return Record(DestinationPrefix=destination, NextHop=address, InterfaceIndex=interface)


def test_the_route_leads_to_wsl_and_is_told_once(host: Windows) -> None:
    assert keep(host, "172.20.20.5") == 0
    assert host.routes == [route("172.20.20.5")]
    assert keep(host, None) == 0
    assert host.routes == [route("172.20.20.5")]
    assert host.events == [("Information", f"the route to the containers, {CONTAINERS}, leads to WSL at 172.20.20.5")]


def test_after_a_start_of_wsl_the_route_leads_to_the_new_address(host: Windows) -> None:
    other = route("172.20.20.5", destination="10.9.0.0/16")
    host.routes += [route("172.20.20.5"), route("192.168.10.1", 1), other]
    host.own[2] = IPv4Interface("172.29.80.1/20")
    assert keep(host, "172.29.93.17") == 0
    assert host.routes == [other, route("172.29.93.17")]  # what leads elsewhere is not ours


@pytest.mark.parametrize(
    "address",
    [
        None,  # WSL has never started
        "",
        "172.29.93.17",  # that of an earlier start
        "192.168.10.99",  # a machine of the LAN
        "172.20.20.999",
        "172.20.20.5; Remove-Item C:",
        "::1",
    ],
)
def test_what_is_no_address_of_wsl_changes_nothing(host: Windows, address: str | None) -> None:
    """The account of WSL writes the file; the system believes nothing else of it."""
    host.routes.append(route("172.20.20.5"))
    assert keep(host, address) == 1
    assert (host.routes, host.events) == ([route("172.20.20.5")], [])


# --- what the service runs ---

NGINX = r"F:\flatnet\openresty\nginx.exe"
OF_OURS = [NGINX, "-p", "F:/flatnet/openresty/", "-c", "F:/flatnet/config/nginx.conf"]


def run_gateway(host: Windows) -> int:
    return host.run_script(host.root / OPS / "run-gateway.ps1")


def test_nginx_runs_once_what_is_left_of_it_has_ended_and_nothing_else(host: Windows) -> None:
    others = [(12, r"C:\other\nginx.exe"), (14, None)]
    host.nginx_processes = [(13, NGINX), (11, NGINX), *others]

    def nginx(_words: list[str]) -> int:
        assert host.nginx_processes == others
        return 3

    host.programs[NGINX] = nginx
    assert run_gateway(host) == 3
    assert host.ended == [13, 11]  # the master, which is the oldest, first
    assert host.ran == [OF_OURS]


def test_an_end_that_nobody_asked_for_is_a_failure(host: Windows) -> None:
    """The service manager starts again only what failed."""
    host.programs[NGINX] = lambda _: 0
    assert run_gateway(host) == 1


def test_a_worker_that_is_started_meanwhile_is_ended_too(host: Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    host.nginx_processes = [(20, NGINX), (21, NGINX)]
    end = host.end_process

    def end_and_start(number: int) -> None:
        end(number)
        if number < 23:
            host.nginx_processes.append((number + 2, NGINX))

    monkeypatch.setattr(host, "end_process", end_and_start)
    assert run_gateway(host) == 1
    assert host.nginx_processes == []
    assert host.ran == [OF_OURS]


def test_one_that_cannot_be_ended_is_told_and_keeps_neither_the_others_nor_nginx(
    host: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.nginx_processes = [(20, NGINX), (21, NGINX)]
    end = host.end_process

    def refuse(number: int) -> None:
        if number == 20:
            raise Failure("Access is denied")
        end(number)

    monkeypatch.setattr(host, "end_process", refuse)
    host.programs[NGINX] = lambda _: 7
    assert run_gateway(host) == 7
    assert (host.ended, host.ran) == ([21], [OF_OURS])
    assert host.events == [("Error", "nginx starts beside an earlier one that cannot be ended: Access is denied")]


# --- the right to log on as a batch job ---


def secedit(host: Windows, said: str) -> list[str]:
    """A stand-in that exports what a machine has, and keeps what it is to set."""
    given: list[str] = []

    def run(words: list[str]) -> int:
        file = host.here(words[words.index("/cfg") + 1])
        if words[0] == "/export":
            file.write_text(said, encoding="utf-16")
        else:
            given.append(file.read_text(encoding="utf-16"))
            host.here(words[words.index("/db") + 1]).touch()
        return 0

    host.programs["secedit.exe"] = run
    return given


def test_the_account_may_log_on_as_a_batch_job_beside_those_who_may(host: Windows) -> None:
    given = secedit(host, "[Privilege Rights]\nSeBatchLogonRight = *S-1-5-32-544,*S-1-5-32-551\nSeOther = *S-1-1-0\n")
    assert host.run_script(host.root / OPS / "grant-batch-logon.ps1") == 0
    (text,) = given
    assert text.splitlines()[-1] == f"SeBatchLogonRight = *S-1-5-32-544,*S-1-5-32-551,*{ACCOUNT_SID}"
    assert 'signature="$CHICAGO$"' in text
    assert "SeOther" not in text  # what is not named stays as it is
    assert not list((host.root / OPS).glob("rights.*"))


def test_an_account_that_may_is_left_alone(host: Windows) -> None:
    given = secedit(host, f"SeBatchLogonRight = *S-1-5-32-544,*{ACCOUNT_SID}\n")
    assert host.run_script(host.root / OPS / "grant-batch-logon.ps1") == 0
    assert given == []


# --- scheduled tasks ---


def test_tasks_become_those_that_are_described_and_wsl_is_kept_alive(host: Windows) -> None:
    host.tasks["gone"] = Record(TaskName="gone")
    assert host.run_script(host.root / OPS / "register-tasks.ps1") == 0
    described = {path.stem: path.read_bytes().decode("utf-16") for path in (host.root / OPS / "tasks").glob("*.xml")}
    assert {name: task["Xml"].splitlines() for name, task in host.tasks.items()} == {
        name: text.splitlines() for name, text in described.items()
    }
    passwords = {name: task["Password"] for name, task in host.tasks.items() if task["Password"]}
    assert passwords == {"keep-alive": "password of flatnet"}
    assert host.tasks["keep-alive"]["State"] == "Running"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (0x80070569, r"0x80070569: .* run grant-batch-logon\.ps1"),
        (0x8007052E, r"0x8007052E: the password is not"),
        (0xFFFFFFFF, r"0xFFFFFFFF: wsl\.exe has failed: run its command by hand, as flatnet"),
        (1, r"0x00000001: see the history"),
    ],
)
def test_why_wsl_is_not_kept_alive_is_told(host: Windows, code: int, why: str) -> None:
    host.failing["keep-alive"] = code
    with pytest.raises(Failure, match=f"keep-alive does not run, and ended with {why}"):
        host.run_script(host.root / OPS / "register-tasks.ps1")


# --- the firewall ---


def firewall(root: Path, rendered: Path = TOKYO) -> Firewall:
    return Firewall(lay_out(root, rendered))


def apply(machine: Firewall) -> None:
    assert machine.run_script(machine.root / OPS / "apply-firewall.ps1") == 0


def test_the_rules_of_our_group_become_those_of_the_model(tmp_path: Path) -> None:
    machine = firewall(tmp_path)
    machine.add("FlatnetOps-gone", Group="Flatnet Ops", LocalPort="1")
    machine.add("FlatnetOps-gateway-https", Group="Flatnet Ops", LocalPort="443")
    machine.add("theirs", LocalPort="3389", Protocol="TCP")
    apply(machine)
    ours = {name: rule["RemoteAddress"] for name, rule in machine.rules.items() if rule["Group"] == "Flatnet Ops"}
    assert ours == {
        "FlatnetOps-gateway-http": ["172.16.0.0/12", "192.168.10.0/24"],
        "FlatnetOps-gateway-https": ["172.16.0.0/12", "192.168.10.0/24"],
        "FlatnetOps-gateway-metrics": ["172.16.0.0/12"],
    }
    assert (machine.rules["theirs"]["Enabled"], machine.warnings, machine.vm) == ("True", [], {})


def test_nothing_stays_that_somebody_put_on_a_rule_of_ours(tmp_path: Path) -> None:
    machine = firewall(tmp_path)
    theirs = {"Program": r"C:\other.exe", "LocalAddress": "10.0.0.1", "InterfaceType": "Wireless"}
    machine.add("FlatnetOps-gateway-https", Group="Flatnet Ops", LocalPort="443", **theirs)
    machine.add("FlatnetOps-gateway-http", Group="Elsewhere", LocalPort="80")
    apply(machine)
    https, http = (machine.rules[f"FlatnetOps-gateway-{name}"] for name in ("https", "http"))
    assert https["Program"] == "Any"
    assert not {"LocalAddress", "InterfaceType"} & https.keys()
    assert http["Group"] == "Flatnet Ops"


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"Enabled": "False"}, "the firewall is off in the profile Public"),
        ({"DefaultInboundAction": "Allow"}, "the profile Public lets in everything that no rule blocks"),
        ({"DefaultInboundAction": "NotConfigured"}, None),  # Windows then blocks
    ],
)
def test_a_profile_that_makes_rules_void_is_told(tmp_path: Path, facts: dict[str, str], told: str | None) -> None:
    machine = firewall(tmp_path)
    machine.profile.update(facts)
    apply(machine)
    assert [told in warning for warning in machine.warnings if told] == ([True] if told else [])
    assert bool(machine.warnings) == bool(told)


def test_a_rule_for_nginx_that_windows_made_is_switched_off(tmp_path: Path) -> None:
    machine = firewall(tmp_path)
    machine.add("button", Program=r"F:\flatnet\openresty\nginx.exe")
    machine.add("outbound", Program=r"F:\flatnet\openresty\nginx.exe", Direction="Outbound")
    apply(machine)
    assert {name: machine.rules[name]["Enabled"] for name in ("button", "outbound")} == {
        "button": "False",
        "outbound": "True",
    }


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"Protocol": "TCP", "LocalPort": "9145"}, True),
        ({"Protocol": "TCP", "LocalPort": ["22", "9000-9200"]}, True),
        ({"Protocol": "TCP", "LocalPort": "Any"}, True),
        ({}, True),  # any protocol, any port
        ({"Protocol": "UDP", "LocalPort": "9145"}, False),
        ({"Protocol": "TCP", "LocalPort": ["9146", "9200-9300", "RPC"]}, False),
        ({"Protocol": "TCP", "LocalPort": "9145", "Enabled": "False"}, False),
        ({"Protocol": "TCP", "LocalPort": "9145", "Action": "Block"}, False),
        ({"Protocol": "TCP", "LocalPort": "9145", "Direction": "Outbound"}, False),
        ({"Protocol": "TCP", "LocalPort": "Any", "Program": r"C:\other.exe"}, False),
        ({"Protocol": "TCP", "LocalPort": "Any", "Service": "WinRM"}, False),
        ({"Protocol": "Any", "Package": "S-1-15-2-1"}, False),
    ],
)
def test_a_rule_of_others_that_lets_in_past_ours_is_told_and_stays(
    tmp_path: Path, facts: dict[str, Any], told: bool
) -> None:
    machine = firewall(tmp_path)
    machine.add("theirs", RemoteAddress=["LocalSubnet", "10.0.0.0/8"], **facts)
    apply(machine)
    assert machine.rules["theirs"] == {**machine.rules["theirs"], **facts}
    assert bool(machine.warnings) == told
    if told:
        (warning,) = machine.warnings
        assert "lets LocalSubnet, 10.0.0.0/8 in to port" in warning
        assert "9145" in warning
        assert warning.endswith("Disable-NetFirewallRule -Name 'theirs'")


def test_under_mirrored_networking_nothing_from_outside_reaches_wsl(tmp_path: Path) -> None:
    machine = firewall(tmp_path, OSAKA)
    machine.vm_rules = {name: Record(Name=name) for name in ("FlatnetOps-wsl-workloads", "theirs")}
    apply(machine)
    assert {key: machine.vm[key] for key in ("enabled", "defaultinboundaction", "loopbackenabled")} == {
        "enabled": "True",
        "defaultinboundaction": "Block",
        "loopbackenabled": "True",
    }
    assert set(machine.vm_rules) == {"theirs"}

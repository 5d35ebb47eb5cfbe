"""What of Windows itself the scripts of administrators call: rights of folders, routes, rules of the firewall.

Each is as small as the scripts need it, and keeps what it was told for a test to look at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Interface
from typing import Any

from tests.powershell.machine import Scratch
from tests.powershell.values import NOTHING, Record

ACCOUNT_SID = "S-1-5-21-1-2-3-1001"


class Account:
    """NTAccount, and the SecurityIdentifier that it is translated into."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.Value = ACCOUNT_SID

    def Translate(self, kind: str) -> Account:  # noqa: N802 - .NET's name
        assert (self.name, kind) == ("flatnet", "System.Security.Principal.SecurityIdentifier")
        return self


class DirectorySecurity:
    sddl = ""

    def SetSecurityDescriptorSddlForm(self, sddl: str, sections: str) -> object:  # noqa: N802 - .NET's name
        assert sections == "Access, Owner"
        self.sddl = sddl
        return NOTHING


class Credential:
    """What Get-Credential gives, and the NetworkCredential in it."""

    def __init__(self, user: str) -> None:
        self.UserName, self.Password = user, f"password of {user}"

    def GetNetworkCredential(self) -> Credential:  # noqa: N802 - .NET's name
        return self


@dataclass
class Windows(Scratch):
    """A machine of an administrator. `rights`: the SDDL of folders; `ran`: programs with their words.

    `tasks`: by name, as they were registered; a task of `failing` ends at once with that code.
    """

    rights: dict[str, str] = field(default_factory=dict)
    ran: list[list[str]] = field(default_factory=list)
    programs: dict[str, Callable[[list[str]], int]] = field(default_factory=dict)
    own: list[IPv4Interface] = field(default_factory=list)  # addresses of Windows, each of an interface of its own
    routes: list[Record] = field(default_factory=list)
    nginx_processes: list[tuple[int, str | None]] = field(default_factory=list)  # the oldest first
    ended: list[int] = field(default_factory=list)
    tasks: dict[str, Record] = field(default_factory=dict)
    failing: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.classes |= {
            "System.Security.AccessControl.DirectorySecurity": DirectorySecurity,
            "System.Security.Principal.NTAccount": Account,
        }
        self.cmdlets |= {
            "Get-NetIPAddress": lambda *_: [
                Record(IPAddress=str(one.ip), PrefixLength=one.network.prefixlen, InterfaceIndex=index)
                for index, one in enumerate(self.own, start=1)
            ],
            "Get-NetRoute": lambda _shell, _inputs, _words, named: [
                route for route in self.routes if route["DestinationPrefix"] == named["destinationprefix"]
            ],
            "New-NetRoute": self._new_route,
            "Remove-NetRoute": self._remove_route,
            "New-EventLog": lambda *_: [],
            "Get-Credential": lambda _shell, _inputs, _words, named: [Credential(named["username"])],
            "Get-ScheduledTask": lambda _shell, _inputs, _words, named: [
                task for name, task in self.tasks.items() if named.get("taskname", name) == name
            ],
            "Get-ScheduledTaskInfo": lambda _shell, _inputs, _words, named: [
                Record(LastTaskResult=self.failing[named["taskname"]])
            ],
            "Register-ScheduledTask": self._register,
            "Start-ScheduledTask": self._start_task,
            "Unregister-ScheduledTask": self._unregister,
        }

    def run(self, program: str, words: list[str]) -> int:
        """A program: what the test gives, or none that fails."""
        self.ran.append([program, *words])
        return self.programs[program](words) if program in self.programs else 0

    def processes(self, name: str) -> list[tuple[int, str | None]]:
        """Those of nginx."""
        assert name == "nginx"
        return sorted(self.nginx_processes)

    def started(self, number: int) -> int:
        """Its place among all."""
        return [one for one, _ in self.nginx_processes].index(number)

    def end_process(self, number: int) -> None:
        """Note it."""
        self.ended.append(number)
        self.nginx_processes = [one for one in self.nginx_processes if one[0] != number]

    def sleep(self, seconds: float) -> None:
        """Nobody waits."""

    def _register(self, _shell: Any, _inputs: list[Any], _words: list[Any], named: dict[str, Any]) -> list[Any]:
        assert named["force"]
        facts = {"Xml": named["xml"], "Password": named.get("password"), "State": "Ready"}
        self.tasks[named["taskname"]] = Record(TaskName=named["taskname"], **facts)
        return [self.tasks[named["taskname"]]]

    def _start_task(self, _shell: Any, _inputs: list[Any], _words: list[Any], named: dict[str, Any]) -> list[Any]:
        if named["taskname"] not in self.failing:
            self.tasks[named["taskname"]]["State"] = "Running"
        return []

    def _unregister(self, _shell: Any, _inputs: list[Any], _words: list[Any], named: dict[str, Any]) -> list[Any]:
        assert named["confirm"] is False
        del self.tasks[named["taskname"]]
        return []

    def _new_route(self, _shell: Any, _inputs: list[Any], _words: list[Any], named: dict[str, Any]) -> list[Any]:
        assert named["policystore"] == "ActiveStore"
        facts = {key: named[key.lower()] for key in ("DestinationPrefix", "NextHop", "InterfaceIndex")}
        self.routes.append(Record(facts))
        return [self.routes[-1]]

    def _remove_route(self, _shell: Any, inputs: list[Any], _words: list[Any], _named: dict[str, Any]) -> list[Any]:
        for route in inputs:
            self.routes.remove(route)
        return []

    def _IO_Directory_SetAccessControl(self, path: str, security: DirectorySecurity) -> object:  # noqa: N802
        assert self.here(path).is_dir()
        self.rights[path] = security.sddl
        return NOTHING

    def _Diagnostics_EventLog_SourceExists(self, _source: str) -> bool:  # noqa: N802
        return False

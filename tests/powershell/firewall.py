"""The firewall of a machine: rules, and the filters that Windows keeps beside each of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.powershell.values import Record
from tests.powershell.windows import Windows

# What a filter tells of a rule that says nothing of it.
UNSAID = {"Program": "Any", "Package": "", "Service": "Any", "Protocol": "Any", "LocalPort": "Any"}


@dataclass
class Firewall(Windows):
    """`rules` by name, `warnings` as they were written, `vm` what was set for WSL."""

    rules: dict[str, Record] = field(default_factory=dict)
    profile: Record = field(default_factory=lambda: Record(Name="Public", Enabled="True", DefaultInboundAction="Block"))
    vm_rules: dict[str, Record] = field(default_factory=dict)
    vm: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.cmdlets |= {
            "Get-NetFirewallProfile": lambda *_: [self.profile],
            "Get-NetFirewallRule": self._get,
            "New-NetFirewallRule": self._new,
            "Remove-NetFirewallRule": lambda _shell, _inputs, _words, named: self._remove(self.rules, named),
            "Disable-NetFirewallRule": self._disable,
            **{f"Get-NetFirewall{kind}Filter": self._filter for kind in ("Application", "Service", "Port", "Address")},
            "Set-NetFirewallHyperVVMSetting": lambda _shell, _inputs, _words, named: self.vm.update(named) or [],
            "Get-NetFirewallHyperVRule": lambda *_: list(self.vm_rules.values()),
            "Remove-NetFirewallHyperVRule": lambda _shell, _inputs, _words, named: self._remove(self.vm_rules, named),
            "Write-Warning": self._warn,
        }

    def add(self, name: str, **facts: Any) -> None:
        """A rule of somebody else: it lets everybody in, but for what is said."""
        usual = {"DisplayName": name, "Enabled": "True", "Direction": "Inbound", "Action": "Allow", "Group": None}
        self.rules[name] = Record({"Name": name, **usual, **UNSAID, "RemoteAddress": "Any", **facts})

    def _get(self, _shell: Any, inputs: list[Any], _words: list[Any], named: dict[str, Any]) -> list[Any]:
        if inputs:
            return [self.rules[one["Name"]] for one in inputs]
        return [rule for rule in self.rules.values() if rule["Group"] == named["group"]]

    def _new(self, _shell: Any, _inputs: list[Any], _words: list[Any], named: dict[str, Any]) -> list[Any]:
        assert named["name"] not in self.rules
        facts = {
            key: named[key.lower()]
            for key in ("Name", "Group", "Enabled", "Direction", "Action", "Protocol", "LocalPort", "RemoteAddress")
        }
        self.rules[named["name"]] = Record({**UNSAID, **facts, "DisplayName": named["displayname"]})
        return []

    def _remove(self, rules: dict[str, Record], named: dict[str, Any]) -> list[Any]:
        if named.get("erroraction") == "SilentlyContinue":
            rules.pop(named["name"], None)
        else:
            del rules[named["name"]]
        return []

    def _warn(self, _shell: Any, _inputs: list[Any], words: list[Any], _named: dict[str, Any]) -> list[Any]:
        self.warnings.append(words[0])
        return []

    def _disable(self, _shell: Any, _inputs: list[Any], _words: list[Any], named: dict[str, Any]) -> list[Any]:
        self.rules[named["name"]]["Enabled"] = "False"
        return []

    def _filter(self, _shell: Any, inputs: list[Any], _words: list[Any], named: dict[str, Any]) -> list[Any]:
        if "program" in named:
            return [rule for rule in self.rules.values() if rule["Program"] == named["program"]]
        return inputs or list(self.rules.values())

"""What a rendered Quadlet unit says: its program, arguments, user and environment."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# The entry point of each image, which Quadlet adds nothing to: the binary that `make tools` builds.
BINARIES = {
    "alertmanager": "alertmanager",
    "alloy": "alloy",
    "blackbox-exporter": "blackbox_exporter",
    "cni-exporter": "node_exporter",
    "loki": "loki",
    "node-exporter": "node_exporter",
    "prometheus": "prometheus",
}


@dataclass(frozen=True)
class Unit:
    """The part of a `.container` file that decides how its program runs."""

    name: str
    arguments: tuple[str, ...]
    user: int
    environment: Mapping[str, str]
    restart_seconds: int  # until systemd runs it again, whatever ended it
    before: tuple[str, ...] = ()  # what the host runs before each start

    def command(self, binary: str, **more: str) -> list[str]:
        """The words that run a program as the unit does: its user, environment (and more of it) and arguments."""
        settings = [f"{key}={value}" for key, value in {**more, **self.environment}.items()]
        as_user = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups"] if self.user else []
        return [*as_user, "env", *settings, binary, *self.arguments]


def read_unit(wsl: Path, name: str) -> Unit:
    """Read a `.container` file of a host; `wsl` is the folder of its WSL in the rendered tree."""
    text = (wsl / f"etc/containers/systemd/{name}.container").read_text(encoding="utf-8")
    values: dict[str, list[str]] = {}
    for line in text.replace("\\\n", " ").splitlines():
        if "=" in line and not line.startswith(("#", ";", "[")):
            key, value = line.split("=", 1)
            values.setdefault(key, []).append(value.strip().replace("%%", "%").replace("$$", "$"))
    environment = dict(word.split("=", 1) for line in values.get("Environment", []) for word in shlex.split(line))
    user = values.get("User", ["0"])[0].split(":")[0]
    before = shlex.split(" ".join(values.get("ExecStartPre", [])).removeprefix("-"))
    assert values["Restart"] == ["always"], name
    arguments = tuple(shlex.split(" ".join(values.get("Exec", []))))
    return Unit(name, arguments, int(user), environment, int(values["RestartSec"][0]), tuple(before))

"""The CNI host code as it is, in a folder of a test: only the place of its settings is another one."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.cni import DURATION_BUCKETS, NETWORK
from tests.conftest import ROOT

HOST = ROOT / "generators/cni/host"
SETTINGS = '"/etc/flatnet-ops/cni.json"'
CONTAINER = "3f0c9e" * 10 + "abcd"

# Does what the variable PLAN says: write so many bytes to a stream, close one, wait, read the input, end.
PLUGIN = """
import json, os, signal, sys, time
for verb, *rest in json.loads(os.environ["PLAN"]):
    if verb == "write":
        stream, text, count = rest
        data = text.encode() * count
        while data:
            data = data[os.write(stream, data):]
    elif verb == "echo":
        data = sys.stdin.buffer.read()
        os.write(1, data)
    elif verb == "environment":
        os.write(1, open("/proc/self/environ", "rb").read())
    elif verb == "arguments":
        os.write(1, repr(sys.argv[1:]).encode())
    elif verb == "signals":
        lines = [line for line in open("/proc/self/status") if line.startswith(("SigIgn", "SigBlk"))]
        os.write(1, "".join(lines).encode())
    elif verb == "close":
        os.close(rest[0])
    elif verb == "sleep":
        time.sleep(rest[0])
    elif verb == "touch":
        open(rest[0], "w").close()
    elif verb == "ignore":
        signal.signal(rest[0], lambda *_: os.write(2, b"caught"))
    elif verb == "kill":
        signal.signal(rest[0], signal.SIG_DFL)
        os.kill(os.getpid(), rest[0])
    elif verb == "exit":
        os._exit(rest[0])
"""


@dataclass
class Cni:
    """A host's CNI in a folder."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "bin").mkdir(parents=True)
        (self.folder / "records").mkdir()
        (self.folder / "textfile").mkdir()
        (self.folder / "windows/ops").mkdir(parents=True)
        plugin = f"#!{sys.executable} -IS\n{PLUGIN}"
        _program(self.plugin, plugin)
        shim = (HOST / "flatnet-observed").read_text(encoding="utf-8")
        assert SETTINGS in shim
        _program(
            self.shim, shim.replace("/usr/bin/python3", sys.executable).replace(SETTINGS, repr(str(self.settings)))
        )
        self.set()

    @property
    def plugin(self) -> Path:
        return self.folder / "bin/flatnet"

    @property
    def shim(self) -> Path:
        return self.folder / "bin/flatnet-observed"

    @property
    def settings(self) -> Path:
        return self.folder / "cni.json"

    @property
    def log(self) -> Path:
        return self.folder / "log/cni.log"

    @property
    def records(self) -> Path:
        return self.folder / "records"

    @property
    def allocations(self) -> Path:
        return self.folder / "allocations.json"

    def set(self, **changes: Any) -> None:
        """Write the settings."""
        settings = {
            "plugin": str(self.plugin),
            "entry": str(self.shim),
            "observe": True,
            "network": NETWORK,
            "conflist": str(self.folder / "flatnet.conflist"),
            "allocations": str(self.allocations),
            "pool": {"first": "10.87.1.2", "last": "10.87.1.254"},
            "log": str(self.log),
            "records": str(self.records),
            "buckets": list(DURATION_BUCKETS),
            "textfile": str(self.folder / "textfile/cni.prom"),
            "mount": "/proc",  # is a mount on every machine
            "told": str(self.folder / "textfile/told-windows.prom"),
            "upstreams": str(self.folder / "windows/ops/from-wsl/upstreams.json"),
            "ways": [],
            "wsl_address": None,
        }
        self.settings.write_text(json.dumps(settings | changes), encoding="utf-8")

    def environment(self, plan: Sequence[Any], command: str = "ADD") -> dict[str, str]:
        """What Podman gives to a plugin, and what the stand-in shall do."""
        return {
            "CNI_COMMAND": command,
            "CNI_CONTAINERID": CONTAINER,
            "CNI_NETNS": "/run/netns/cni-1",
            "CNI_IFNAME": "eth0",
            "CNI_ARGS": "IgnoreUnknown=1;K8S_POD_NAMESPACE=forgejo;K8S_POD_NAME=forgejo",
            "CNI_PATH": str(self.folder / "bin"),
            "PATH": "/usr/bin:/bin",
            "PLAN": json.dumps(list(plan)),
        }

    def call(
        self, program: Path, plan: Sequence[Any], command: str = "ADD", stdin: bytes = b"{}", *arguments: str
    ) -> tuple[int, bytes, bytes]:
        """Run a program to its end as Podman does: exit code (negative: signal), standard output and error."""
        done = subprocess.run(
            [program, *arguments],
            env=self.environment(plan, command),
            input=stdin,
            capture_output=True,
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr

    def lines(self) -> list[dict[str, Any]]:
        """The log."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines() if line]

    def done(self) -> list[list[str]]:
        """The records of operations that have ended, without their ids."""
        return sorted(path.name.split(".")[2:] for path in self.records.glob("done.*"))

    def collect(self, podman: str | None = "[]", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the collector, with a stand-in for Podman that prints this (None: it fails)."""
        return self.script("cni-collector", podman, environment)

    def script(self, name: str, podman: str | None, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run one of the scripts with the settings of this folder."""
        programs = self.programs()
        (programs / "said.json").write_text(podman or "", encoding="utf-8")
        action = f"cat {programs}/said.json" if podman is not None else "echo no storage >&2; exit 125"
        _program(programs / "podman", f"#!/bin/sh\n{action}\n")
        variables = {"PATH": f"{programs}:/usr/bin:/bin", **environment}
        command = [sys.executable, "-B", str(programs / name)]
        return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60)

    def programs(self) -> Path:
        """The folder of scripts, which is also the first in which they look for programs."""
        folder = self.folder / "programs"
        folder.mkdir(exist_ok=True)
        for file in ("cni_operations.py", "cni_state.py", "cni_ways.py", "cni-collector", "upstreams"):
            text = (HOST / file).read_text(encoding="utf-8")
            (folder / file).write_text(text.replace(SETTINGS, repr(str(self.settings))), encoding="utf-8")
        return folder

    def metrics(self, file: str = "cni.prom") -> dict[str, float]:
        """The series that the collector has written, or another script."""
        lines = (self.folder / "textfile" / file).read_text(encoding="utf-8").splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}


def _program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def module(name: str) -> Any:
    """Host code as a module, loaded from its file."""
    loader = importlib.machinery.SourceFileLoader(name.removesuffix(".py").replace("-", "_"), str(HOST / name))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec
    found = importlib.util.module_from_spec(spec)
    sys.modules[loader.name] = found  # dataclasses look their module up, and scripts import what lies beside them
    for shared in ("cni_state", "cni_ways"):
        if shared not in {loader.name, *sys.modules}:
            module(f"{shared}.py")
    loader.exec_module(found)
    return found


def listed(*containers: tuple[str, str], network: str = NETWORK, state: str = "running") -> str:
    """What `podman ps --format json` prints of containers, by id and name."""
    return json.dumps([{"Id": one, "Names": [name], "Networks": [network], "State": state} for one, name in containers])


def allocations(addresses: Mapping[str, str], **changes: Any) -> str:
    """A file of addresses as the plugin writes it."""
    content = {
        "subnet": "10.87.1.0/24",
        "gateway": "10.87.1.1",
        "range_start": "10.87.1.2",
        "range_end": "10.87.1.254",
        "host_id": 1,
        "multihost": False,
        "allocations": dict(addresses),
    }
    return json.dumps(content | changes, indent=2)

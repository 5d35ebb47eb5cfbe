"""A host for a test: its own root folder, network and processes, over the machine that runs the test.

The root is an overlay over `/`, so rendered files lie at their very paths and ports stay as they are; nothing of it
reaches the machine. All processes live in one process namespace whose end, however it comes, ends them all.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from tests.conftest import ROOT

# What the first process does: mount the root, bring up loopback and the address of everything outside, and wait.
_FIRST = """
set -e
mount --make-rprivate /
mount -t tmpfs none "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
mount -t sysfs sysfs "$1/root/sys"
mkdir "$1/root/host"
mount --bind "$1/root" "$1/root/host"
mount -t tmpfs none "$1/root/tmp"
mount -t tmpfs none "$1/root/run"
ip link set lo up
ip address add "$2/32" dev lo
echo ready
exec sleep infinity
"""
OUTSIDE = "198.51.100.1"  # RFC 5737: an address of documentation, here that of every name outside


@dataclass
class ScratchHost:
    """Use as a context manager; `run` and `start` work inside."""

    folder: Path
    first: subprocess.Popen[str] = field(init=False)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __enter__(self) -> ScratchHost:
        elsewhere = not ROOT.is_relative_to("/tmp")  # noqa: S108 - nothing is written there
        assert elsewhere, "a host of a test has a /tmp of its own: run this in a checkout that lies elsewhere"
        self.folder.mkdir(parents=True)
        unshare = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"]
        self.first = subprocess.Popen(
            [*unshare, "sh", "-c", _FIRST, "sh", str(self.folder), OUTSIDE], stdout=subprocess.PIPE, text=True
        )
        assert self.first.stdout is not None
        assert self.first.stdout.readline() == "ready\n", "the namespaces could not be made"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in reversed(self.processes.copy()):
            self.stop(name)
        self.first.kill()
        self.first.wait()
        if self.first.stdout:
            self.first.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _inner(self) -> str:
        """The process id of the first process inside."""
        return Path(f"/proc/{self.first.pid}/task/{self.first.pid}/children").read_text(encoding="ascii").split()[0]

    @property
    def seen_from_outside(self) -> Path:
        """Its root, as the test itself can reach it."""
        return Path(f"/proc/{self._inner}/root/{self.folder}/root")

    @property
    def _enter(self) -> list[str]:
        return ["nsenter", f"--target={self._inner}", "--mount", "--net", "--pid", "chroot", f"{self.folder}/root"]

    def run(
        self, command: Sequence[str | Path], *, text: str | None = None, check: bool = True, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        done = subprocess.run(
            [*self._enter, *map(str, command)], input=text, capture_output=True, text=True, timeout=timeout
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done

    def write(self, path: str, content: str | bytes, *, mode: int = 0o644) -> None:
        """Write a file of the host."""
        data = content.encode() if isinstance(content, str) else content
        subprocess.run(
            [
                *self._enter,
                "sh",
                "-c",
                'mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1"',
                "sh",
                path,
                f"{mode:o}",
            ],
            input=data,
            check=True,
        )

    def start(
        self, name: str, command: Sequence[str | Path], *, user: int = 0, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start a program in the background, as a user; what it prints is kept for `log`."""
        words = [str(word) for word in command]
        as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
        settings = [f"{key}={value}" for key, value in (environment or {}).items()]
        with (self.folder.parent / f"{self.folder.name}-{name}.log").open("wb") as output:
            self.processes[name] = subprocess.Popen(
                [*self._enter, *as_user, "env", *settings, *words], stdout=output, stderr=subprocess.STDOUT
            )

    def log(self, name: str) -> str:
        """What a started program has printed."""
        return (self.folder.parent / f"{self.folder.name}-{name}.log").read_text(encoding="utf-8", errors="replace")

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop a started program and wait for its end; after half a minute it is killed."""
        process = self.processes.pop(name)
        if process.poll() is not None:
            return  # it has ended by itself
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        for pid in children or [str(process.pid)]:  # nsenter waits for the program, which is its child
            os.kill(int(pid), how)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            for pid in children:
                os.kill(int(pid), signal.SIGKILL)
            process.kill()
            process.wait()

    def wait(self, what: str, holds: Callable[[], object], seconds: float = 60) -> None:
        """Wait until something holds; fail with the last lines of every program if it does not.

        What it waits for is printed on the error output, so that whoever looks at a long run sees how far it is.
        """
        begin = time.monotonic()
        end = begin + seconds
        print(f"{self.folder.name}: {what}, within {seconds:.0f} s", file=sys.stderr)
        while time.monotonic() < end:
            if holds():
                print(f"{self.folder.name}: {what} after {time.monotonic() - begin:.1f} s", file=sys.stderr)
                return
            dead = [name for name, process in self.processes.items() if process.poll() is not None]
            if dead:
                raise AssertionError(f"while waiting for {what}, {dead[0]} ended:\n{self.log(dead[0])[-3000:]}")
            time.sleep(0.25)
        units = self.run(["sh", "-c", "tail -n 8 /run/units/*.log"], check=False).stdout
        logs = "\n".join([*(f"--- {name}\n{self.log(name)[-1500:]}" for name in self.processes), units])
        raise AssertionError(f"waited {seconds} s for {what}\n{logs}")

"""The real Podman with the CNI backend, in namespaces of its own, and a plugin that does what a file says."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.generators.cni_host import HOST, SETTINGS

# The file `<command>` says how it ends: what it prints, and with which code.
PLUGIN = """\
#!/bin/sh
[ "$CNI_COMMAND" != VERSION ] || exec echo '{{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]}}'
[ ! -e {folder}/$CNI_COMMAND ] || exec sh {folder}/$CNI_COMMAND
[ "$CNI_COMMAND" != ADD ] || cat <<END
{{"cniVersion":"1.0.0","interfaces":[{{"name":"eth0","mac":"02:00:00:00:00:01","sandbox":"$CNI_NETNS"}}],
"ips":[{{"address":"10.87.1.5/24","gateway":"10.87.1.1","interface":0}}]}}
END
"""
# What Podman and the kernel keep by name outside of the given folders lies in memory of this namespace.
ENTER = """\
mount --bind "$run" /mnt
mkdir -p /run/netns /var/lib/cni
mount -t tmpfs none /run/netns
mount -t tmpfs none /var/lib/cni
ip link set lo up
"""


@dataclass
class Podman:
    """A storage, a network and a plugin in a folder."""

    folder: Path
    etc: Path  # of the rendered host

    def __post_init__(self) -> None:
        for name in ("bin", "net.d", "image", "run"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "containers.conf").write_text(self._configuration(), encoding="utf-8")
        self._program("flatnet", PLUGIN.format(folder=self.folder))
        shim = (HOST / "flatnet-observed").read_text(encoding="utf-8")
        self._program("flatnet-observed", shim.replace(SETTINGS, repr(f"{self.folder}/cni.json")))
        settings = {name: str(self.folder / where) for name, where in PLACES.items()}
        (self.folder / "cni.json").write_text(json.dumps(settings), encoding="utf-8")
        self.observe(True)
        shutil.copy("/bin/busybox", self.folder / "image/busybox")
        (self.folder / "image/Containerfile").write_text("FROM scratch\nCOPY busybox /busybox\n", encoding="utf-8")
        built = self("build", "--quiet", "--tag", "probe", str(self.folder / "image"))
        assert built.returncode == 0, built.stderr

    def _program(self, name: str, text: str) -> None:
        (self.folder / "bin" / name).write_text(text, encoding="utf-8")
        (self.folder / "bin" / name).chmod(0o755)

    def _configuration(self) -> str:
        """The rendered file, with folders of the test, and without a journal and systemd's control groups."""
        text = (self.etc / "containers/containers.conf.d/flatnet-ops.conf").read_text(encoding="utf-8")
        for old, new in (
            ('"/etc/cni/net.d"', f'"{self.folder}/net.d"'),
            ('["/opt/cni/bin", ', f'["{self.folder}/bin", '),
            ('events_logger = "journald"', 'events_logger = "file"\ncgroup_manager = "cgroupfs"'),
            ('log_driver = "journald"', 'log_driver = "k8s-file"'),
        ):
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return text

    def observe(self, yes: bool) -> None:
        """Have the conflist name the shim, as rendered, or the plugin itself."""
        text = (self.etc / "cni/net.d/flatnet.conflist").read_text(encoding="utf-8")
        assert '"flatnet-observed"' in text
        text = text if yes else text.replace('"flatnet-observed"', '"flatnet"')
        (self.folder / "net.d/flatnet.conflist").write_text(text, encoding="utf-8")

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Podman to its end."""
        return self.script('"$@"', *arguments)

    def script(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a script in one namespace; `$@` is Podman with arguments, `$podman` Podman alone."""
        # Podman takes no folder of running state whose name is longer than 50 characters.
        storage = f"--root={self.folder}/root --runroot=/mnt --storage-driver=vfs --runtime=runc"
        podman = ["podman", *storage.split()]
        environment = {
            **os.environ,
            "CONTAINERS_CONF": f"{self.folder}/containers.conf",
            "podman": " ".join(podman),
            "run": f"{self.folder}/run",
            "options": " ".join(OPTIONS),
        }
        return subprocess.run(
            ["unshare", "--mount", "--net", "sh", "-euc", ENTER + script, "sh", *podman, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def fails(self, command: str, output: str, code: int = 1) -> None:
        """Have the plugin print something and end with a code, at each of these commands."""
        (self.folder / command).write_text(f"printf '%s\\n' {shlex.quote(output)}; exit {code}\n", encoding="utf-8")

    def works(self) -> None:
        """Have the plugin do its work again."""
        for command in ("ADD", "DEL"):
            (self.folder / command).unlink(missing_ok=True)

    def hello(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run a container that says hello and is removed."""
        return self("run", f"--name={name}", "--rm", *OPTIONS, "probe", "/busybox", "echo", "hello")


# Limits and system calls that a sandbox takes away from a container's runtime.
OPTIONS = (
    "--network=flatnet",
    "--ulimit=nofile=1024:1024",
    "--ulimit=nproc=1024:1024",
    "--security-opt=seccomp=unconfined",
)
PLACES = {"plugin": "bin/flatnet", "log": "log/cni.log", "records": "records"}

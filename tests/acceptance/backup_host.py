"""A host with the rendered backup, its stateful parts and what writes to them, without the rest of the stack."""

from __future__ import annotations

import json
import re
import shlex
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from model.secrets import secret_path
from model.stateful import BACKUP, DATA
from tests.acceptance.quick_key import make_quick
from tests.acceptance.scratch_host import ScratchHost
from tests.acceptance.units import BINARIES, read_unit
from tests.conftest import ROOT, Programs

PASSWORD = secret_path("restic-password")
TEXT = "secret of a test"
METRICS = {"run": f"{DATA}/textfile/backup.prom", "drill": f"{DATA}/textfile/restore_drill.prom"}
READY = {"prometheus": "http://127.0.0.1:9090/-/ready", "loki": "http://127.0.0.1:3100/ready"}
VOLUME = "/var/lib/containers/storage/volumes/{}/_data"

_SEED = """
set -e
rm -rf /etc/cni # of the machine below: an overlay does not rename what lies in both
mkdir -p /etc/cni/net.d /var/lib/flatnet/ipam "$1/conf.d"
echo '{"cniVersion": "1.0.0"}' >/etc/cni/net.d/flatnet.conflist
echo '{"allocations": {"a1": "10.87.1.5"}}' >/var/lib/flatnet/ipam/allocations.json
echo 'server {}' >"$1/conf.d/site.conf"
touch -d '2026-01-02 03:04:05' "$1/conf.d/site.conf"
shift
for volume; do
    mkdir -p "$volume/git/objects/[ab]"
    head -c 300000 /dev/urandom >"$volume/git/objects/[ab]/pack *1"
    ln -s 'objects/[ab]' "$volume/git/link"
    sqlite3 "$volume/app's 100%.db" 'create table t(x); insert into t values (1), (2), (3)'
    chmod 640 "$volume/app's 100%.db"
    chown -hR 1000:1000 "$volume" && chmod 750 "$volume"
done
"""


@dataclass
class BackupHost:
    """Rendered files of one host of an environment, installed on a scratch host."""

    host: ScratchHost
    environment: str
    name: str

    @property
    def tree(self) -> Path:
        """The host's part of the rendered tree."""
        return ROOT / "rendered" / self.environment / self.name / "wsl"

    @property
    def settings(self) -> dict[str, Any]:
        """The rendered settings."""
        found: dict[str, Any] = json.loads((self.tree / "etc/flatnet-ops/backup.json").read_text(encoding="utf-8"))
        return found

    def install(self, program: Programs) -> None:
        """Put the rendered files in their places, restic and the stand-in of systemd beside them."""
        here = Path(__file__).parent
        self.host.run(["sh", "-ec", f"cp -r {shlex.quote(str(self.tree))}/. / && chmod 755 {BACKUP}"])
        self.host.run(["sh", "-c", "chmod 600 /etc/flatnet-ops/backup.json"])
        self.host.run(["systemd-tmpfiles", "--create", "flatnet-ops.conf"], check=False)
        self.host.run(["mkdir", "-p", "/run/units", "/usr/local/lib/real", f"{DATA}/textfile"])
        self.host.run(["cp", program("restic"), "/usr/local/lib/real/restic"])
        self.host.write("/usr/local/lib/real/systemctl", (here / "systemctl").read_text(encoding="utf-8"), mode=0o755)
        for name in ("restic", "systemctl"):
            self.host.write(f"/usr/local/bin/{name}", (here / "hold").read_text(encoding="utf-8"), mode=0o755)
        self.host.write(PASSWORD, f"{TEXT}\n", mode=0o400)

    def seed(self) -> None:
        """Make every folder that is backed up, and stand-ins of services."""
        parts = self.settings["parts"]
        windows = next(part["folder"] for part in parts if part["windows"])
        volumes = [part["folder"] for part in parts if part["name"].startswith("volume-")]
        self.host.run(["sh", "-c", _SEED, "sh", windows, *volumes])
        self.stand_ins()

    def stand_ins(self) -> None:
        """Give each service whose data is backed up something that systemd can start."""
        for part in self.settings["parts"]:
            if part["service"]:
                self.host.write(f"/run/units/{part['service']}", "exec sleep infinity\n")

    def quicken(self, repository: str) -> None:
        """Give the repository in this folder a key that opens in an instant: for tests that call restic often."""
        self.host.run(["chmod", "-R", "u+w", repository])
        make_quick(self.host.seen_from_outside / repository.lstrip("/"), TEXT)

    def define(self, name: str, program: Programs) -> None:
        """Have systemctl know the program of a rendered unit."""
        unit = read_unit(self.tree, name)
        binary = f"/usr/local/bin/{BINARIES[name]}"
        self.host.run(["cp", "--update", program(BINARIES[name]), binary])
        self.host.write(f"/run/units/{name}", f"exec {shlex.join(unit.command(binary))}\n")

    def start(self, name: str, program: Programs) -> None:
        """Start the program of a rendered unit."""
        self.define(name, program)
        self.host.run(["systemctl", "start", name])

    def ready(self, name: str) -> None:
        """Wait until a program that was started answers."""
        look = ["curl", "-fsS", "--max-time", "2", READY[name]]
        self.host.wait(name, lambda: self.host.run(look, check=False).returncode == 0, 60)

    def ask(self, url: str, **parameters: str) -> str:
        """What a program of the host answers."""
        words = ["curl", "-fsS", "--max-time", "10", f"{url}?{urlencode(parameters)}"]
        return self.host.run(words).stdout

    def backup(self, *words: str, code: int = 0, timeout: float = 60) -> str:
        """Run the backup program; it must end with this code. Returns what it said."""
        done = self.host.run([BACKUP, *words], check=False, timeout=timeout)
        said = done.stdout + done.stderr
        assert done.returncode == code, f"backup {' '.join(words)} ended with {done.returncode}:\n{said}"
        return said

    def unit(self, name: str, key: str = "ExecStart") -> list[str]:
        """The command of a rendered service with its environment, as systemd would run it."""
        text = (self.tree / f"etc/systemd/system/{name}.service").read_text(encoding="utf-8")
        (command,) = re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)
        settings = [
            word for line in re.findall(r"^Environment=(.*)$", text, re.MULTILINE) for word in shlex.split(line)
        ]
        return ["env", *settings, *shlex.split(command)]

    def metrics(self, kind: str = "run") -> dict[str, float]:
        """The samples that a command wrote: `last_exit_code loki` → 0."""
        text = self.host.run(["cat", METRICS[kind]], check=False).stdout
        found = re.findall(r'^flatnet_(?:backup|restore_drill)_(\w+)(?:\{part="([^"]+)"\})? (\S+)$', text, re.MULTILINE)
        return {f"{name} {part}".strip(): float(value) for name, part, value in found}

    def codes(self, kind: str = "run") -> dict[str, int]:
        """Exit codes by part."""
        return {k.split()[1]: int(v) for k, v in self.metrics(kind).items() if k.startswith("last_exit_code")}

    def snapshots(self, part: str) -> list[dict[str, Any]]:
        """Snapshots of a part, oldest first."""
        found = json.loads(self.backup("restic", "snapshots", "--no-lock", "--json", "--tag", f"part={part}"))
        return sorted(found, key=lambda one: str(one["time"]))

    def kill_at(self, point: str, *words: str) -> None:
        """Run the backup program and kill it without a word when it makes the call that contains `point`."""
        self.host.write("/run/hold", point)
        self.host.run(["rm", "-f", "/run/held"])
        self.host.start("killed", [BACKUP, *words])
        self.host.wait(
            f"`{point}`", lambda: self.host.run(["test", "-e", "/run/held"], check=False).returncode == 0, 40
        )
        self.host.stop("killed", signal.SIGKILL)
        self.host.run(["rm", "/run/hold"])
        time.sleep(0.3)  # what waited there ends

    def bytes_and_owners(self, *folders: str) -> str:
        """Every file and folder with owner, mode and digest; databases are compared by their rows."""
        look = ["-printf", "%p %y %u %g %m %l\n"]
        listed = self.host.run(["find", *folders, "!", "-name", "*.db*", *look]).stdout.splitlines()
        sums = self.host.run(["find", *folders, "-type", "f", "!", "-name", "*.db*", "-exec", "sha256sum", "{}", "+"])
        assert sums.stdout
        return "\n".join(sorted([*listed, *sums.stdout.splitlines()]))

"""What timers of WSL do on a running stack: the clock, and a first night of backups with a restore drill.

The rendered scripts run. Hyper-V's clock, which only Windows has, is a clock of the test; the drive or the server
that takes the backups is made here.
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from model.deployment import Deployment
from model.secrets import secret_path
from model.stateful import BACKUP, TEXTFILES
from tests.acceptance.scratch_host import OUTSIDE, ScratchHost

# The script as it is, but for the device and the clock behind it, which is 12 ms late.
CLOCK = """
import importlib.machinery, importlib.util, time
from pathlib import Path
loader = importlib.machinery.SourceFileLoader("clock", "/usr/local/lib/flatnet-ops/clock")
clock = importlib.util.module_from_spec(importlib.util.spec_from_loader("clock", loader))
loader.exec_module(clock)
real = time.clock_gettime
clock.device = lambda: Path("/dev/null")
time.clock_gettime = lambda which: real(time.CLOCK_REALTIME) - (0 if which == time.CLOCK_REALTIME else 0.012)
clock.main()
"""
CLOCK_TURNS = "while :; do /usr/bin/python3 /run/clock.py 1 {file} || exit 1; sleep 30; done"
SERVER = """
useradd --create-home --password '*' {user}
mkdir -p /run/sshd
install -d -o {user} {path} /home/{user}/.ssh
rm -f {key} /run/hostkey
ssh-keygen -q -t ed25519 -N '' -f {key}
ssh-keygen -q -t ed25519 -N '' -f /run/hostkey
install -o {user} -m 600 {key}.pub /home/{user}/.ssh/authorized_keys
echo "{host} $(cut -d' ' -f1,2 /run/hostkey.pub)" >{known}
echo '{address} {host}' >>/etc/hosts
"""


def run(scratch: ScratchHost, deployment: Deployment, wsl: Path) -> None:
    """Compare the clocks, and go on doing so; back everything up once, and prove it."""
    # In an environment whose certificates the company signs, the timer only measures how long they last.
    scratch.run(["/usr/local/lib/flatnet-ops/gateway-certificate", "renew"])
    scratch.write("/run/clock.py", CLOCK)
    scratch.start("clock", ["sh", "-c", CLOCK_TURNS.format(file=f"{TEXTFILES}/clock.prom")])
    _repository(scratch, deployment)
    parts = json.loads((wsl / "etc/flatnet-ops/backup.json").read_text(encoding="utf-8"))["parts"]
    for folder in (part["folder"] for part in parts if part["name"].startswith("volume-")):
        scratch.write(f"{folder}/a file", "of a workload\n")
    for words in (["init"], ["run"], ["drill"]):
        done = scratch.run([BACKUP, *words], check=False, timeout=120)
        assert done.returncode == 0, f"backup {words[0]}:\n{done.stdout}{done.stderr}"


def _repository(scratch: ScratchHost, deployment: Deployment) -> None:
    repository = deployment.environment.backups.repository
    if repository.mount:
        scratch.run(["sh", "-c", f"mkdir -p {repository.mount} && mount -t tmpfs none {repository.mount}"])
        return
    server = repository.sftp
    assert server is not None
    facts = {"user": server.user, "host": server.host, "path": server.path, "address": OUTSIDE}
    keys = {"key": secret_path("sftp-key"), "known": secret_path("sftp-known-hosts")}
    scratch.run(["sh", "-ec", SERVER.format(**facts, **keys)])
    options = [f"ListenAddress={OUTSIDE}", "HostKey=/run/hostkey", "UsePAM=no", "StrictModes=no"]
    words = [word for option in (*options, "Subsystem=sftp internal-sftp") for word in ("-o", option)]
    enter = ["ip", "netns", "exec", "outside"]
    scratch.start("sshd", [*enter, "/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", *words])
    look = shlex.join(["ssh-keyscan", "-T", "1", OUTSIDE])
    scratch.wait("sshd", lambda: bool(scratch.run(["sh", "-c", look], check=False).stdout), 20)

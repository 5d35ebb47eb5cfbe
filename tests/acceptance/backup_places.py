"""Where repositories lie: a disk, an SSH server, an S3 server; each is there when its function returns."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from generators import backup
from model.backups import S3, Repository
from model.deployment import Deployment
from model.secrets import secret_path
from model.stateful import DATA
from tests.acceptance import backup_faults as faults
from tests.acceptance import certificates
from tests.acceptance.backup_host import BackupHost
from tests.acceptance.scratch_host import OUTSIDE, ScratchHost
from tests.conftest import Programs

KNOWN_HOSTS, BUCKET = secret_path("sftp-known-hosts"), "flatnet-backup"
Place = Callable[[ScratchHost, Programs, Deployment], BackupHost]


@dataclass
class Chosen(BackupHost):
    """A host that saves elsewhere than is rendered, or less: not what programs have that do not run."""

    changed: dict[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, Any]:
        """What the host's settings file says: what is rendered, until something is chosen."""
        return self.changed or super().settings

    def choose(self, settings: dict[str, Any]) -> None:
        """Write settings, without the parts of the stack."""
        self.changed = {**settings, "parts": [p for p in settings["parts"] if not p["folder"].startswith(DATA)]}
        self.host.write("/etc/flatnet-ops/backup.json", json.dumps(self.changed), mode=0o600)


def on_disk(scratch: ScratchHost, program: Programs, _: Deployment) -> BackupHost:
    """Production as rendered, but for parts of the stack."""
    host = Chosen(scratch, "production", "tokyo-1")
    host.install(program)
    host.seed()
    host.choose(host.settings)
    faults.plug_in(host)
    return host


def sftp_host(scratch: ScratchHost, program: Programs) -> BackupHost:
    """A host of multi-host as rendered; nobody answers yet."""
    host = BackupHost(scratch, "multi-host", "osaka-2")
    host.install(program)
    host.seed()
    return host


def over_sftp(scratch: ScratchHost, program: Programs, _: Deployment) -> BackupHost:
    """The same, and OpenSSH's server."""
    host = sftp_host(scratch, program)
    serve_sftp(scratch)
    return host


def serve_sftp(scratch: ScratchHost) -> None:
    """Start OpenSSH's server, with the keys that the host has."""
    key = secret_path("sftp-key")
    prepare = f"""
echo '127.0.0.1 localhost
{OUTSIDE} nas.example.co.jp' >/etc/hosts
useradd --create-home --password '*' flatnet && mkdir /run/sshd
install -d -o flatnet /backup/flatnet /home/flatnet/.ssh
ssh-keygen -q -t ed25519 -N '' -f {key}
ssh-keygen -q -t ed25519 -N '' -f /run/hostkey
install -o flatnet -m 600 {key}.pub /home/flatnet/.ssh/authorized_keys
echo "nas.example.co.jp $(cut -d' ' -f1,2 /run/hostkey.pub)" >{KNOWN_HOSTS}
"""
    scratch.run(["sh", "-ec", prepare])
    options = [
        f"ListenAddress={OUTSIDE}",
        "HostKey=/run/hostkey",
        "UsePAM=no",
        "Subsystem=sftp internal-sftp",
        "StrictModes=no",
    ]
    sshd = ["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", *(word for one in options for word in ("-o", one))]
    scratch.start("sshd", sshd)
    look = ["ssh-keyscan", "-T", "1", OUTSIDE]
    scratch.wait("sshd", lambda: bool(scratch.run(look, check=False).stdout), 20)


def over_s3(scratch: ScratchHost, program: Programs, production: Deployment) -> BackupHost:
    """Production, but with a bucket: an S3 server behind TLS, whose CA the host trusts."""
    host = Chosen(scratch, "production", "tokyo-1")
    host.install(program)
    host.seed()
    name = "s3.example.co.jp"
    repository = Repository(s3=S3(endpoint=name, bucket=BUCKET))
    backups = production.environment.backups.model_copy(update={"repository": repository})
    deployment = replace(production, environment=production.environment.model_copy(update={"backups": backups}))
    settings = next(file for file in backup.generate(deployment) if file.target == "/etc/flatnet-ops/backup.json")
    host.choose(json.loads(settings.content))
    scratch.write(secret_path("s3-key-id"), "who\n", mode=0o400)
    scratch.write(secret_path("s3-key"), "secret-of-a-test\n", mode=0o400)
    ca, server = certificates.make([name])
    scratch.write("/run/s3.pem", server)
    scratch.write("/etc/ssl/certs/ca-certificates.crt", ca)
    scratch.run(["sh", "-c", f"echo '{OUTSIDE} {name}' >/etc/hosts; mkdir -p /srv/meta /srv/s3/{BUCKET}"])
    scratch.run(["cp", program("versitygw"), "/usr/local/bin/versitygw"])
    tls = ["--cert", "/run/s3.pem", "--key", "/run/s3.pem"]
    words = ["versitygw", "--port", f"{OUTSIDE}:443", "--access", "who", "--secret", "secret-of-a-test", *tls]
    scratch.start("s3", [*words, "posix", "--sidecar", "/srv/meta", "/srv/s3"])
    answers = ["curl", "-sS", "-o", "/dev/null", "--max-time", "2", f"https://{name}/"]
    scratch.wait("the S3 server", lambda: scratch.run(answers, check=False).returncode == 0, 20)
    return host

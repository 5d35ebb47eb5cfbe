"""The page of backups: what is saved where, and the commands that look at it, restore it and prove it."""

from __future__ import annotations

from typing import Any

from generators.handbook.commands import make_secret
from model.backups import Repository
from model.deployment import Deployment
from model.environment import Environment
from model.host import Host
from model.secrets import secret_path, secrets
from model.stateful import BACKUP, DATA, Part, parts

LOOKED = "/var/tmp/restored"  # noqa: S108 - where an operator looks at what was restored


def page(deployment: Deployment) -> dict[str, Any]:
    """The facts of the page."""
    environment = deployment.environment
    hosts = [host for _, host in sorted(environment.hosts.items())]
    saved = {host.name: [part for part in parts(environment, host) if part.backed_up] for host in hosts}
    one = saved[hosts[0].name][-1]  # a volume, where there is one: what is asked for most
    return {
        "backups": environment.backups,
        "keep": environment.retention.backups,
        "zone": environment.time.zone.key,
        "repository": _place(environment.backups.repository),
        "hosts": [(host, saved[host.name]) for host in hosts],
        "left_out": _left_out(environment, hosts),
        "password": secret_path(environment.backups.password),
        "commands": _commands(environment, hosts[0], one),
        "metrics": f"{DATA}/textfile",
        "looked": LOOKED,
        "one": one.name,
        "address": environment.backups.repository.path is None,
    }


def _place(repository: Repository) -> str:
    if repository.s3:
        return f"s3:https://{repository.s3.endpoint}:{repository.s3.port}/{repository.s3.bucket}"
    if repository.sftp:
        return f"{repository.sftp.user}@{repository.sftp.host}:{repository.sftp.path}"
    assert repository.path
    return repository.path


def _left_out(environment: Environment, hosts: list[Host]) -> list[Part]:
    found = {part.name: part for host in hosts for part in parts(environment, host) if not part.backed_up}
    return [part for _, part in sorted(found.items())]


def _commands(environment: Environment, host: Host, one: Part) -> dict[str, str]:
    """Every command of the page, by what it does. A snapshot is named by `ID` where a person chooses it."""
    repository = environment.backups.repository
    (password,) = [
        secret for secret in secrets(environment, host) if secret.path == secret_path(environment.backups.password)
    ]
    found = {
        "last": f"grep last_exit_code {DATA}/textfile/backup.prom",
        "list": f"{BACKUP} restic snapshots --group-by host,tags --compact",
        "files": f"{BACKUP} restic ls --long --tag part={one.name} latest",
        "run": f"{BACKUP} run",
        "look": f"{BACKUP} restore {one.name} --to {LOOKED}",
        "part": f"{BACKUP} restore {one.name} --force",
        "older": f"{BACKUP} restore {one.name} --snapshot ID --force",
        "all": f"{BACKUP} restore all --force",
        "drill": f"{BACKUP} drill",
        "drilled": f"grep -e last_exit_code -e snapshot {DATA}/textfile/restore_drill.prom",
        "show": f"cat {password.path}",
        "new_password": f"rm {password.path}\n{make_secret(password, host)}",
        "init": f"{BACKUP} init",
        "free": f"{BACKUP} restic forget --group-by host,tags --keep-last 3\n{BACKUP} restic prune --max-repack-size 0",
        "check": f"{BACKUP} restic check --read-data",
        "settle": f"{BACKUP} settle",
    }
    if repository.path:
        found["aside"] = f'mv {repository.path} "{repository.path}-$(date +%F)"'
    if command := mount(repository):
        found["mount"] = command
    return found


def mount(repository: Repository) -> str | None:
    """The commands that mount the drive of Windows on which the repository lies; None: it lies on none."""
    if repository.mount is None or len(repository.mount) != len("/mnt/e"):
        return None
    folder = repository.mount
    return f"mkdir -p {folder}\nmountpoint {folder} || mount -t drvfs {folder[-1].upper()}: {folder}"

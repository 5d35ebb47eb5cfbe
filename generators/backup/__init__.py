"""Backups with restic: the program, its settings, and the units that run it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generators.emit import to_json
from generators.files import RenderedFile, wsl_file
from generators.templates import render
from model.backups import Repository
from model.deployment import Deployment
from model.environment import Environment
from model.host import Host
from model.secrets import secret_path
from model.stateful import BACKUP, DATA, Part, parts

HERE = Path(__file__).parent
TEXTFILES = f"{DATA}/textfile"
WEEK = 7
# restic over SSH: no question that nobody answers, and an end where the server has gone silent.
SSH = (
    "-o BatchMode=yes -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes -o ConnectTimeout=30 -o ServerAliveInterval=15"
)


def generate(deployment: Deployment) -> Iterator[RenderedFile]:
    """Render program, settings and units of each host."""
    for _, host in sorted(deployment.environment.hosts.items()):
        yield from _program(host)
        settings = to_json(_settings(deployment.environment, host))
        yield wsl_file(host.name, "/etc/flatnet-ops/backup.json", settings, mode=0o600)
        yield from _units(deployment, host)


def _program(host: Host) -> Iterator[RenderedFile]:
    folder = HERE / "host"
    yield wsl_file(host.name, BACKUP, (folder / "backup").read_text(encoding="utf-8"), mode=0o755)
    for path in sorted(folder.glob("flatnet_backup/*.py")):
        place = f"{BACKUP.rsplit('/', 1)[0]}/{path.relative_to(folder).as_posix()}"
        yield wsl_file(host.name, place, path.read_text(encoding="utf-8"))


def _units(deployment: Deployment, host: Host) -> Iterator[RenderedFile]:
    backups = deployment.environment.backups
    daily, drills = f"*-*-* {backups.at:%H:%M}:00", f"{_drill_days(round(backups.drill_every.days))} 12:00:00"
    yield from _unit(deployment, host, "flatnet-backup", ("run",), "timer", daily)
    yield from _unit(deployment, host, "flatnet-restore-drill", ("drill",), "timer", drills)
    if "containers" in host.roles:
        words = ("run", "--part", "cni-config")
        yield from _unit(
            deployment, host, "flatnet-backup-cni-config", words, "path", deployment.environment.cni.conflist
        )


def _drill_days(every: int) -> str:
    """Days at most so many apart: each week one of its days; else days of the month, of which each begins anew."""
    return "Wed *-*-*" if every == WEEK else f"*-*-1/{every}"


def _unit(  # noqa: PLR0913 - the facts of a unit
    deployment: Deployment, host: Host, name: str, words: tuple[str, ...], trigger: str, when: str
) -> Iterator[RenderedFile]:
    """A service that runs the program, and the unit that starts it: at a time, or when a file changes."""
    for kind in ("service", trigger):
        text = render(
            HERE / "templates",
            f"unit.{kind}.j2",
            deployment.name,
            command=(BACKUP, *words),
            program=BACKUP,
            when=when,
            memory=host.wsl.backup_memory.mebibytes,
            textfiles=TEXTFILES,
        )
        reload = f"systemctl daemon-reload && systemctl restart {name}.{trigger}"
        yield wsl_file(host.name, f"/etc/systemd/system/{name}.{kind}", text, reload=reload)


def _settings(environment: Environment, host: Host) -> dict[str, Any]:
    return {
        "host": host.name,
        "repository": _repository(environment.backups.repository),
        "password_file": secret_path(environment.backups.password),
        "folder": f"{DATA}/backup",
        "metrics_folder": TEXTFILES,
        "prometheus": f"http://127.0.0.1:{environment.monitoring.prometheus.port}",
        "parts": [_part(environment, part) for part in parts(environment, host) if part.backed_up],
    }


def _part(environment: Environment, part: Part) -> dict[str, Any]:
    table = environment.retention.backups
    days = {"daily": table.daily, "weekly": table.weekly, "monthly": table.monthly}
    generations = {"last": table.configuration_generations}
    return {
        "name": part.name,
        "folder": part.folder,
        "way": part.way,
        "service": part.service,
        "windows": part.windows,
        "on_change": part.on_change,
        "keep": generations if part.on_change else {unit: count for unit, count in days.items() if count},
    }


def _repository(repository: Repository) -> dict[str, Any]:
    if repository.s3:
        s3 = repository.s3
        files = {"AWS_ACCESS_KEY_ID": secret_path(s3.key_id), "AWS_SECRET_ACCESS_KEY": secret_path(s3.key)}
        return {"url": f"s3:https://{s3.endpoint}:{s3.port}/{s3.bucket}", "environment_files": files}
    if repository.sftp:
        sftp = repository.sftp
        ssh = f"-i {secret_path(sftp.key)} -o UserKnownHostsFile={secret_path(sftp.known_hosts)} {SSH}"
        return {"url": f"sftp://{sftp.user}@{sftp.host}:{sftp.port}/{sftp.path}", "options": [f"sftp.args={ssh}"]}
    assert repository.path
    return {"url": repository.path, "mount": repository.mount}

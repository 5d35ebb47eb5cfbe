"""Backups with restic: the script, its settings, and the timers that run it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generators.emit import to_json
from generators.files import RenderedFile, wsl_file
from generators.templates import render
from model.backups import Repository
from model.deployment import Deployment
from model.host import Host
from model.secrets import secret_path
from model.stateful import DATA, parts

HERE = Path(__file__).parent
SCRIPT = "/usr/local/lib/flatnet-ops/backup"


def generate(deployment: Deployment) -> Iterator[RenderedFile]:
    """Render script, settings and units of each host."""
    script = (HERE / "host" / "backup").read_text(encoding="utf-8")
    backups = deployment.environment.backups
    for _, host in sorted(deployment.environment.hosts.items()):
        yield wsl_file(host.name, SCRIPT, script, mode=0o755)
        yield wsl_file(host.name, "/etc/flatnet-ops/backup.json", to_json(_settings(deployment, host)), mode=0o600)
        for unit, command, when in (
            ("flatnet-backup", "run", f"*-*-* {backups.at:%H:%M}:00"),
            ("flatnet-restore-drill", "drill", f"*-*-1/{round(backups.drill_every.days)} 12:00:00"),
        ):
            for kind in ("service", "timer"):
                text = render(
                    HERE / "templates", f"unit.{kind}.j2", deployment.name, script=SCRIPT, command=command, when=when
                )
                reload = f"systemctl daemon-reload && systemctl restart {unit}.timer"
                yield wsl_file(host.name, f"/etc/systemd/system/{unit}.{kind}", text, reload=reload)


def _settings(deployment: Deployment, host: Host) -> dict[str, Any]:
    environment = deployment.environment
    keep = environment.retention.backups
    return {
        "host": host.name,
        "repository": _repository(environment.backups.repository),
        "password_file": secret_path(environment.backups.password),
        "keep": {"daily": keep.daily, "weekly": keep.weekly, "monthly": keep.monthly},
        "folder": f"{DATA}/backup",
        "metrics_folder": f"{DATA}/textfile",
        "prometheus": f"http://127.0.0.1:{environment.monitoring.prometheus.port}",
        "parts": [
            {"name": part.name, "folder": part.folder, "way": part.way, "service": part.service}
            for part in parts(environment, host)
            if part.backed_up
        ],
    }


def _repository(repository: Repository) -> dict[str, Any]:
    if repository.s3:
        s3 = repository.s3
        files = {"AWS_ACCESS_KEY_ID": secret_path(s3.key_id), "AWS_SECRET_ACCESS_KEY": secret_path(s3.key)}
        return {"url": f"s3:https://{s3.endpoint}:{s3.port}/{s3.bucket}", "environment_files": files}
    if repository.sftp:
        sftp = repository.sftp
        ssh = f"-i {secret_path(sftp.key)} -o UserKnownHostsFile={secret_path(sftp.known_hosts)}"
        options = [f"sftp.args={ssh} -o StrictHostKeyChecking=yes -o BatchMode=yes"]
        return {"url": f"sftp://{sftp.user}@{sftp.host}:{sftp.port}/{sftp.path}", "options": options}
    assert repository.path
    return {"url": repository.path}

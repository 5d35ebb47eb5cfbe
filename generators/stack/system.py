"""What a host needs around its containers: users, folders, journal, Podman's settings, and the address of Windows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generators.files import RenderedFile, wsl_file
from generators.stack.services import TARGETS
from generators.templates import render
from model.certificate import CERTIFICATE_STATE
from model.cni import Cni, folder_of
from model.collected import CONTAINER_LOGS
from model.deployment import Deployment
from model.host import Host
from model.logs import JOURNAL_INTERVAL
from model.secrets import FOLDER, GRAFANA, LOKI, NOBODY, ROOT
from model.stateful import CNI_RECORDS, CNI_TEXTFILES, DATA, TEXTFILES
from model.values import SizeValue

HERE = Path(__file__).parent
SCRIPT = "/usr/local/lib/flatnet-ops/windows-targets"
_JOURNAL = "/var/log/journal"


def files(deployment: Deployment, host: Host) -> Iterator[RenderedFile]:
    """Render everything but the containers themselves."""
    name, environment = host.name, deployment.environment
    retention = environment.retention
    reload = {
        "/etc/systemd/journald.conf.d/flatnet-ops.conf": "systemctl restart systemd-journald.service",
        "/etc/sysctl.d/60-flatnet-ops.conf": "sysctl --system",
        "/etc/sysusers.d/flatnet-ops.conf": "systemd-sysusers",
        "/etc/tmpfiles.d/flatnet-ops.conf": "systemd-tmpfiles --create",
        "/etc/containers/containers.conf.d/flatnet-ops.conf": None,
    }
    for path, command in reload.items():
        text = render(
            HERE / "templates",
            path.removeprefix("/etc/").replace("/", "-").replace("60-", "") + ".j2",
            deployment.name,
            folders=_folders(environment.cni, host),
            journal_megabytes=retention.journal_disk.mebibytes,
            journal_days=round(max(retention.logs.system.keep, retention.logs.containers.keep).days),
            journal_file_days=1 if retention.logs.system.rotate == "daily" else 0,
            journal_file_megabytes=retention.logs.system.max_size.mebibytes,
            journal_interval=JOURNAL_INTERVAL,
            journal_burst=_burst(environment.logs.limits.unit_lines, retention.journal_disk),
            conflists=folder_of(environment.cni.conflist),
            plugins=folder_of(environment.cni.binary),
            container_bytes=retention.logs.containers.max_size.bytes,
            grafana=GRAFANA,
            loki=LOKI,
        )
        yield wsl_file(name, path, text, reload=command)
    if host == environment.monitoring_host:
        yield from _windows_targets(deployment, host)


def _burst(lines: int, disk: SizeValue) -> int:
    """`RateLimitBurst=` for so many lines a second: journald multiplies it, the more the larger its free space is.

    By a quarter for each doubling above 64 KiB, beginning at 1 (journald.conf(5); journald-rate-limit.c).
    """
    factor = max((disk.bytes.bit_length() - 1 - 16) / 4, 1)
    return round(lines * JOURNAL_INTERVAL / factor)


def _windows_targets(deployment: Deployment, host: Host) -> Iterator[RenderedFile]:
    settings: dict[str, Any] = {
        "host": host.name,
        "port": deployment.environment.gateway.ports.metrics,
        "networking": host.wsl.networking,
        "targets": TARGETS,
        "script": SCRIPT,
    }
    script = (HERE / "host" / "windows-targets").read_text(encoding="utf-8")
    yield wsl_file(host.name, SCRIPT, script, mode=0o755)
    reload = "systemctl daemon-reload && systemctl restart flatnet-windows-targets.timer"
    for path in (
        "/etc/flatnet-ops/windows-targets.env",
        "/etc/systemd/system/flatnet-windows-targets.service",
        "/etc/systemd/system/flatnet-windows-targets.timer",
    ):
        text = render(HERE / "templates", path.rsplit("/", 1)[1] + ".j2", deployment.name, **settings)
        yield wsl_file(host.name, path, text, reload=reload)


def _folders(cni: Cni, host: Host) -> list[tuple[str, str, int, int | str]]:
    """Path, mode, owner and group of every folder that must be there before the first start."""
    everywhere = [
        ("/etc/flatnet-ops", "0755", ROOT),
        (FOLDER, "0711", ROOT),  # each secret is readable by its owner alone
        (DATA, "0755", ROOT),
        (f"{DATA}/alloy", "0700", ROOT),
        (TEXTFILES, "0755", ROOT),
        (_JOURNAL, "2755", ROOT),
    ]
    containers = [
        (CNI_RECORDS, "0700", ROOT),
        (CNI_TEXTFILES, "0755", ROOT),
        (folder_of(cni.log), "0755", ROOT),
        (f"{folder_of(cni.log)}/collected", "0755", ROOT),
        ("/var/log/flatnet-ops", "0755", ROOT),
        (CONTAINER_LOGS, "0755", ROOT),
        (f"{CONTAINER_LOGS}/collected", "0755", ROOT),
    ]
    monitoring = [
        (TARGETS, "0755", ROOT),
        (f"{DATA}/alertmanager", "0700", NOBODY),
        (f"{DATA}/grafana", "0700", GRAFANA),
        (f"{DATA}/loki", "0700", LOKI),
        (f"{DATA}/prometheus", "0700", NOBODY),
    ]
    gateway = [(CERTIFICATE_STATE, "0700", ROOT)]
    found = list(everywhere)
    found += gateway if "gateway" in host.roles else []
    found += containers if "containers" in host.roles else []
    found += monitoring if "monitoring" in host.roles else []
    # journalctl shows the journal to whoever is of this group, and the folder hands it on to what is made in it.
    return sorted((*one, "systemd-journal" if one[0] == _JOURNAL else one[2]) for one in found)

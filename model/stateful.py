"""What would be lost with the disk: every stateful part of a host, and how it is copied while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from model.bilingual import Bilingual
from model.environment import Environment
from model.host import Host
from model.secrets import FOLDER

DATA = "/var/lib/flatnet-ops"
TEXTFILES = f"{DATA}/textfile"  # metrics that node_exporter of WSL serves
CNI_TEXTFILES = f"{DATA}/cni-textfile"  # metrics that the endpoint of the job `cni` serves
CNI_RECORDS = f"{DATA}/cni"  # what the CNI shim leaves of each operation, and the collector's counters
BACKUP = "/usr/local/lib/flatnet-ops/backup"  # the program that backs up and restores


@dataclass(frozen=True)
class Part:
    """One stateful part. `way` says how a consistent copy is had.

    folder: as it lies, its writers rename whole files into place; sqlite: as it lies, but its databases through
    SQLite's own backup; prometheus: through its snapshot API; stopped: the service is stopped while links and copies
    are made.
    """

    name: str
    folder: str
    way: Literal["folder", "sqlite", "prometheus", "stopped"]
    service: str | None = None
    reason: Bilingual | None = None  # why it is not backed up; None: it is
    windows: bool = False  # lies on a Windows drive
    on_change: bool = False  # kept in generations: a snapshot for each change

    @property
    def backed_up(self) -> bool:
        """Whether snapshots of it are made."""
        return self.reason is None


def stack_parts(environment: Environment) -> tuple[Part, ...]:
    """The parts of the monitoring stack that `backups.exclude` may name, in the order in which they are restored."""
    reasons = {name: Bilingual(en=text, ja=text) for name, text in environment.backups.exclude.items()}
    return (
        Part("loki", f"{DATA}/loki", "stopped", "loki", reasons.get("loki")),
        Part("alertmanager", f"{DATA}/alertmanager", "folder", "alertmanager", reasons.get("alertmanager")),
        Part("prometheus", f"{DATA}/prometheus", "prometheus", "prometheus", reasons.get("prometheus")),
        Part("grafana", f"{DATA}/grafana", "sqlite", "grafana", reasons.get("grafana")),
    )


def parts(environment: Environment, host: Host) -> tuple[Part, ...]:
    """Every stateful part of a host, in the order in which they are restored: what others need comes first."""
    return tuple(_parts(environment, host))


def _parts(environment: Environment, host: Host) -> Iterator[Part]:
    if "containers" in host.roles:
        yield Part("cni-config", _folder_of(environment.cni.conflist), "folder", on_change=True)
        yield Part("cni-state", _folder_of(environment.cni.allocations), "folder")
    if "gateway" in host.roles:
        yield Part("gateway-config", host.windows.config.seen_from_wsl, "folder", windows=True, on_change=True)
    if "monitoring" in host.roles:
        yield from stack_parts(environment)
    for workload in environment.workloads_on(host):
        for name, volume in sorted(workload.volumes.items()):
            reason = Bilingual(en=volume.reason, ja=volume.reason) if volume.reason else None
            yield Part(f"volume-{name}", volume.folder, "sqlite", workload.name, reason)
    yield from _LEFT_OUT


def _folder_of(path: str) -> str:
    return path.rsplit("/", 1)[0]


_LEFT_OUT = (
    Part(
        "alloy",
        f"{DATA}/alloy",
        "folder",
        reason=Bilingual(
            en="how far Alloy has read each log file; made anew at its start",
            ja="Alloy が各ログをどこまで読んだかの記録であり、起動時に作り直されるため",
        ),
    ),
    Part(
        "images",
        "/var/lib/containers/storage",
        "folder",
        reason=Bilingual(
            en="images and containers are pulled and made again; their volumes are parts of their own",
            ja="イメージとコンテナは再取得・再作成できるため（ボリュームは個別の対象です）",
        ),
    ),
    Part(
        "journal",
        "/var/log/journal",
        "folder",
        reason=Bilingual(en="its lines are in Loki", ja="内容が Loki に保存されているため"),
    ),
    Part(
        "secrets",
        FOLDER,
        "folder",
        reason=Bilingual(
            en="they belong into the team's password store, not beside the data that they protect",
            ja="保護対象のデータと同じ場所には置かず、チームのパスワード保管庫で管理するため",
        ),
    ),
)

"""Which values the labels of a stand-in have: those that a host of the environment would show."""

from __future__ import annotations

from model import names
from model.deployment import Deployment
from model.host import Host

TASKS = (
    names.TASK_KEEP_ALIVE,
    names.TASK_KEEP_ROUTE,
    names.TASK_ROTATE_LOGS,
    names.TASK_SAVE_CONFIGURATION,
    names.TASK_WATCH_CERTIFICATE,
    names.TASK_WATCH_HEARTBEAT,
)


def labels(exporter: str, deployment: Deployment, host: Host) -> dict[str, list[str]]:
    """Values by label; a label that is not told has those of the catalogue, or one."""
    environment = deployment.environment
    workloads = [workload.name for workload in environment.workloads_on(host)]
    drives = sorted({"C:", f"{host.windows.folder.drive}:", f"{host.windows.vhdx_drive}:"})
    known: dict[str, dict[str, list[str]]] = {
        "gateway": {
            "site": [*(site.name for site in environment.sites_on(host)), *names.SITES_OF_OURS],
            "upstream": workloads,
            "method": ["GET", "POST"],
            "dict": ["flatnet_ops"],
        },
        "grafana": {"status_code": ["200"], "method": ["GET"]},
        "node_exporter": {"fstype": ["ext4"], "mountpoint": ["/"], "device": ["eth0"], "cpu": ["0", "1"]},
        "podman_exporter": {"id": [f"{number:04x}" for number, _ in enumerate(workloads, 1)], "name": workloads[:1]},
        "windows_exporter": {
            "volume": drives,
            "mode": ["dpc", "idle", "interrupt", "privileged", "user"],
            "name": list(names.WINDOWS_SERVICES),
            "task": [f"/{names.WINDOWS_TASKS}/{task}" for task in TASKS],
            "core": ["0,0", "0,1"],
        },
        "windows_textfile": {"task": list(TASKS[2:5]), "log": [environment.gateway.logs.access]},
        "workload": {},
    }
    return known.get(exporter, {})

"""What the install page of a host tells: programs, files, secrets, folders, first start, and what to look at then."""

from __future__ import annotations

import json
from typing import Any

from generators.escape import Escaped
from generators.handbook.words import WORDS
from model.bilingual import Language
from model.deployment import Deployment
from model.host import Host
from model.secrets import Secret, secrets

# Units are started in this order: what others need comes first.
ORDER = (
    "loki",
    "alertmanager",
    "blackbox_exporter",
    "node_exporter",
    "cni_exporter",
    "podman_exporter",
    "prometheus",
    "alloy",
    "grafana",
)
_HEALTH = {
    "alertmanager": "/-/ready",
    "alloy": "/-/ready",
    "blackbox_exporter": "/-/healthy",
    "grafana": "/api/health",
    "loki": "/ready",
    "prometheus": "/-/ready",
}


def install_facts(deployment: Deployment, host: Host, language: Language) -> dict[str, Any]:
    """Everything that the template of the page needs."""
    environment = deployment.environment
    services = environment.monitoring.services_on(host.roles)
    workloads = environment.workloads_on(host)
    found = secrets(environment, host)
    return {
        "host": host,
        "files_intro": Escaped(WORDS["files_intro"][language].replace("{environment}", deployment.name)),
        "mode": "0400",
        "programs": _programs(deployment),
        "images": [
            *((name.replace("_", "-"), service.image) for name, service in services.items()),
            *((workload.name, workload.image) for workload in workloads),
        ],
        "copy_command": _copy(host.name),
        "windows_command": _copy_windows(host),
        "secrets": [
            {"secret": secret, "what": secret.what[language], "command": make_command(secret)} for secret in found
        ],
        "folders_command": (
            'systemd-sysusers --root="${ROOT:-/}"\n'
            'systemd-tmpfiles --root="${ROOT:-/}" --create /etc/tmpfiles.d/flatnet-ops.conf'
        ),
        "start_command": _start(host, [name for name in ORDER if name in services], [w.name for w in workloads]),
        "checks": [
            (f"curl -fsS -o /dev/null -w '%{{http_code}}\\n' http://127.0.0.1:{services[name].port}{path}", "200")
            for name, path in sorted((name, _HEALTH.get(name, "/metrics")) for name in services)
        ],
    }


def _programs(deployment: Deployment) -> list[tuple[str, str, str]]:
    """Name, version, and where it runs."""
    stack = deployment.environment.monitoring
    return [
        ("podman", "4.9 (Ubuntu 24.04)", "WSL"),
        ("jq, sqlite3, logrotate, openssh-client", "Ubuntu 24.04", "WSL"),
        ("restic", stack.restic_version, "WSL, /usr/local/bin/restic"),
        ("windows_exporter", stack.windows_exporter_version, "Windows"),
        ("Grafana Alloy", stack.alloy.image.version, "Windows"),
        ("WinSW", stack.winsw_version, "Windows"),
    ]


def _copy(host: str) -> str:
    """Commands that install every file of WSL with the mode and owner of the manifest; `ROOT` is empty on a host."""
    prefix = json.dumps(f"{host}/wsl/")
    return (
        f"jq -r '.files | to_entries[] | select(.key | startswith({prefix}))\n"
        '       | "\\(.value.mode) \\(.value.owner) \\(.key) \\(.value.target)"\' manifest.json |\n'
        "while read -r mode owner file target; do\n"
        '    install -D -m "$mode" -o "$owner" -g "$owner" "$file" "${ROOT:-}$target"\n'
        "done"
    )


def _copy_windows(host: Host) -> str:
    return (
        "# \\\\wsl.localhost shows the checkout in WSL\n"
        f"$checkout = '\\\\wsl.localhost\\{host.wsl.distribution}\\root\\flatnet-ops'\n"
        "$manifest = Get-Content -Encoding UTF8 -Raw manifest.json | ConvertFrom-Json\n"
        "foreach ($file in $manifest.files.PSObject.Properties) {\n"
        f"    if (-not $file.Name.StartsWith('{host.name}/windows/')) {{ continue }}\n"
        "    New-Item -ItemType Directory -Force (Split-Path $file.Value.target) | Out-Null\n"
        "    Copy-Item $file.Name $file.Value.target\n"
        "}"
    )


def make_command(secret: Secret) -> str:
    """The command that makes a secret: one line for a shell in WSL, or for PowerShell."""
    if secret.side == "windows":
        return (
            f"New-Item -ItemType Directory -Force (Split-Path '{secret.path}') | Out-Null; "
            f"Set-Content -Encoding ASCII -NoNewline '{secret.path}' (Read-Host)"
        )
    place = f'"${{ROOT:-}}{secret.path}"'
    install = f"install -D -m {secret.mode:04o} -o {secret.owner} -g {secret.owner} /dev/stdin {place}"
    return f"openssl rand -base64 32 | {install}" if secret.make == "random" else install


def _start(host: Host, services: list[str], workloads: list[str]) -> str:
    units = [f"{name.replace('_', '-')}.service" for name in services] + [f"{name}.service" for name in workloads]
    lines = [
        "systemctl daemon-reload",
        "systemctl restart systemd-journald.service",
        "sysctl --system",
    ]
    if "containers" in host.roles:
        lines.append("systemctl enable --now podman.socket")
    if "monitoring" in host.roles:
        lines.append("systemctl enable --now flatnet-windows-targets.service flatnet-windows-targets.timer")
    lines += [f"systemctl start {unit}" for unit in units]
    lines.append("systemctl enable --now flatnet-backup.timer flatnet-restore-drill.timer")
    return "\n".join(lines)

"""The install page of a host: what its template needs, and the commands that an operator copies.

Commands for WSL are POSIX shell and take `ROOT`, so that a test installs into a scratch folder by the page alone. Each
can be run again: what is right stays as it is.
"""

from __future__ import annotations

import json
from typing import Any

from generators.handbook import backups, install_gateway, install_proof
from generators.handbook.alerts import grafana_address
from generators.handbook.commands import CHECKOUT, DOWNLOADS, make_secret
from model.deployment import Deployment
from model.environment import Environment
from model.heartbeat import watches
from model.host import NEBULA_INTERFACE, Host
from model.names import TASK_KEEP_ROUTE, TASK_WATCH_HEARTBEAT, WINDOWS_SOURCE, WINDOWS_TASKS
from model.secrets import Secret, secret_path, secrets
from model.stateful import BACKUP
from model.ways import needs_route
from model.workload import Workload

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
# Where a program says that it is ready, and what it answers; the others are asked for their metrics.
_READY = {
    "alertmanager": ("/-/ready", "OK"),
    "alloy": ("/-/ready", "Alloy is ready."),
    "blackbox_exporter": ("/-/healthy", "Healthy"),
    "grafana": ("/api/health", '{"database": "ok", …}'),
    "loki": ("/ready", "ready"),
    "prometheus": ("/-/ready", "Prometheus Server is Ready."),
}
_FOLDERS = (
    'systemd-sysusers --root="${ROOT:-/}" flatnet-ops.conf\n'
    'systemd-tmpfiles --root="${ROOT:-/}" --create flatnet-ops.conf'
)


_WINDOWS_CHECK = (
    f"Get-ScheduledTask -TaskPath '\\{WINDOWS_TASKS}\\' | Get-ScheduledTaskInfo |\n"
    "    Format-Table TaskName, LastRunTime, LastTaskResult\n"
    f"Get-NetFirewallRule -Group '{WINDOWS_SOURCE}' | Format-Table Name, Enabled, Action\n"
    "wsl --list --running"
)


def page(deployment: Deployment, host: Host) -> dict[str, Any]:
    """The facts of a host's page."""
    environment = deployment.environment
    services = environment.monitoring.services_on(host.roles)
    ordered = {name: services[name] for name in ORDER if name in services}
    workloads = environment.workloads_on(host)
    images = [(name.replace("_", "-"), service.image) for name, service in ordered.items()]
    images += [(workload.name, workload.image) for workload in workloads]
    found = secrets(environment, host)
    return {
        "host": host,
        "stack": environment.monitoring,
        "monitors": host == environment.monitoring_host,
        "checkout": CHECKOUT,
        "images": images,
        "pulls": "\n".join(f"podman pull {image}" for image in sorted({str(image) for _, image in images})),
        "wsl": _wsl(host),
        "restic": _restic(environment.monitoring.restic_version),
        "windows_programs": _windows_programs(deployment, host),
        "files": _files(host.name),
        "files_check": _files_check(host.name),
        "folders": _FOLDERS,
        "secrets": [(secret, make_secret(secret, host)) for secret in found],
        "secrets_check": _secrets_check([secret for secret in found if secret.side == "wsl"]),
        "windows_files": _windows_files(deployment.name, host),
        "windows_prepare": _script(host, "prepare"),
        "windows_firewall": _script(host, "apply-firewall"),
        "windows_batch": _script(host, "grant-batch-logon"),
        "windows_tasks": _script(host, "register-tasks"),
        "windows_check": _WINDOWS_CHECK,
        "windows_route": _route(deployment, host) if needs_route(host) else None,
        "subnet": environment.container_network(host).subnet,
        "windows_test": _script(host, TASK_WATCH_HEARTBEAT, " -Test") if watches(environment, host) else None,
        "gateway": install_gateway.facts(deployment, host) if "gateway" in host.roles else None,
        "folder": f"cd {CHECKOUT}/rendered/{deployment.name} &&\n    ls manifest.json",
        "root_shell": f"wsl -d {host.wsl.distribution} -u root",
        "overlay": _overlay(environment, host),
        "proof": install_proof.facts(deployment, host),
        "tokens": [_token(environment, host, load) for load in workloads if load.metrics and load.metrics.token],
        "start": _start(deployment, host, [name for name, _ in images]),
        "ready": _ready({name: service.port for name, service in ordered.items()}),
        "down": "curl -fsSG http://127.0.0.1:"
        f"{environment.monitoring.prometheus.port}/api/v1/query --data-urlencode 'query=up == 0' |\n"
        "jq -r '.data.result[].metric | [.job, .instance] | @tsv'",
        "grafana": grafana_address(environment),
        "grafana_admin": environment.monitoring.grafana_admin,
    }


def _overlay(environment: Environment, host: Host) -> str | None:
    """A look at Nebula, and at the hosts that it leads to; None: there is one host."""
    if not environment.several_hosts:
        return None
    others = [str(h.nebula_address) for _, h in sorted(environment.hosts.items()) if h != host and h.nebula_address]
    return (
        f"Get-NetIPAddress -InterfaceAlias {NEBULA_INTERFACE} -AddressFamily IPv4 | Format-Table IPAddress\n"
        + "\n".join(f"ping.exe -n 1 {address}" for address in others)
    )


def _wsl(host: Host) -> str:
    """The VHDX lies on the system drive unless `--location` (WSL 2.4.4) names another folder."""
    windows, distribution = host.windows, host.wsl.distribution
    away = windows.vhdx_drive != windows.system_drive
    place = f" --location {windows.vhdx_drive}:\\wsl\\{distribution}" if away else ""
    return f"wsl --install --distribution {distribution}{place}"


def _restic(version: str) -> str:
    file = f"restic_{version}_linux_amd64"
    release = f"https://github.com/restic/restic/releases/download/v{version}"
    return (
        "(cd /tmp &&\n"
        f"    curl -fsSLO {release}/{file}.bz2 &&\n"
        f"    curl -fsSLO {release}/SHA256SUMS &&\n"
        "    sha256sum --check --ignore-missing SHA256SUMS &&\n"
        f"    bunzip2 --force {file}.bz2 &&\n"
        f"    install -m 0755 {file} /usr/local/bin/restic)"
    )


def _windows_programs(deployment: Deployment, host: Host) -> str:
    stack = deployment.environment.monitoring
    config = (host.windows.folder / "ops/alloy/config.alloy").backslashed
    exporter = (host.windows.ops / "windows_exporter/config.yaml").backslashed
    return (
        f"{DOWNLOADS}\n"
        f"Start-Process -Wait msiexec '/i windows_exporter-{stack.windows_exporter_version}-amd64.msi /qn "
        f'CONFIG_FILE="{exporter}"\'\n'
        f"Start-Process -Wait .\\alloy-installer-windows-amd64.exe '/S', '/CONFIG={config}', '/DISABLEREPORTING=yes'\n"
        "Set-ItemProperty HKLM:\\SOFTWARE\\GrafanaLabs\\Alloy -Name Arguments -Type MultiString -Value @(\n"
        "    'run'\n"
        f"    '{config}'\n"
        "    '--storage.path=C:\\ProgramData\\GrafanaLabs\\Alloy\\data'\n"
        f"    '--server.http.listen-addr=127.0.0.1:{stack.windows_alloy_port}'\n"
        "    '--disable-reporting'\n"
        ")"
    )


def _selected(host: str) -> str:
    return f".files | to_entries[] | select(.key | startswith({json.dumps(f'{host}/wsl/')}))"


def _files(host: str) -> str:
    return (
        f"jq -r '{_selected(host)}\n"
        '       | "\\(.value.mode) \\(.value.owner) \\(.key) \\(.value.target)"\' manifest.json |\n'
        "while read -r mode owner file target; do\n"
        '    install -D -m "$mode" -o "$owner" -g "$owner" "$file" "${ROOT:-}$target"\n'
        "done"
    )


def _files_check(host: str) -> str:
    return (
        f'jq -r --arg root "${{ROOT:-}}" \'{_selected(host)}\n'
        '       | "\\(.value.sha256)  \\($root)\\(.value.target)"\' manifest.json |\n'
        "sha256sum --check --quiet && echo OK"
    )


def _secrets_check(here: list[Secret]) -> str:
    lines = "\n".join(f"{secret.mode:o} {secret.owner} ${{ROOT:-}}{secret.path}" for secret in here)
    return (
        "while read -r mode owner file; do\n"
        '    if [ -s "$file" ] && [ "$(stat -c \'%a %u\' "$file")" = "$mode $owner" ]; then\n'
        '        echo "OK $file"\n'
        "    else\n"
        '        echo "!! $file"\n'
        "    fi\n"
        f"done <<END\n{lines}\nEND"
    )


def _script(host: Host, name: str, words: str = "") -> str:
    path = (host.windows.ops / f"{name}.ps1").backslashed
    return f"powershell.exe -NoProfile -ExecutionPolicy Bypass -File '{path}'{words}"


def _route(deployment: Deployment, host: Host) -> str:
    subnet = deployment.environment.container_network(host).subnet
    look = f"Get-NetRoute -DestinationPrefix {subnet} | Format-Table NextHop, InterfaceAlias"
    return f"{_script(host, TASK_KEEP_ROUTE)}\n{look}"


def _windows_files(environment: str, host: Host) -> str:
    checkout = f"//wsl.localhost/{host.wsl.distribution}{CHECKOUT}/rendered/{environment}".replace("/", "\\")
    return (
        f"Push-Location '{checkout}'\n"
        "$manifest = Get-Content -Raw -Encoding UTF8 manifest.json | ConvertFrom-Json\n"
        "foreach ($file in $manifest.files.PSObject.Properties) {\n"
        f"    if (-not $file.Name.StartsWith('{host.name}/windows/')) {{ continue }}\n"
        "    $target = $file.Value.target\n"
        "    New-Item -ItemType Directory -Force (Split-Path $target) | Out-Null\n"
        "    Copy-Item -LiteralPath $file.Name -Destination $target\n"
        '    if ((Get-FileHash -LiteralPath $target).Hash -ne $file.Value.sha256) { throw "$target differs" }\n'
        '    "OK $target"\n'
        "}\n"
        "Pop-Location"
    )


def _start(deployment: Deployment, host: Host, units: list[str]) -> str:
    lines = [
        "systemctl daemon-reload",
        "systemctl restart systemd-journald.service",
        "systemctl stop 'systemd-timesyncd.*'",
        "sysctl --system",
    ]
    if "containers" in host.roles:
        lines.append("systemctl enable --now podman.socket")
    if host == deployment.environment.monitoring_host and host.wsl.networking == "nat":
        lines.append("systemctl enable --now flatnet-windows-targets.service")
    lines += [f"systemctl start {name}.service" for name in units]
    mount = backups.mount(deployment.environment.backups.repository)
    lines += [mount] if mount else []
    lines.append(f"{BACKUP} init")
    triggers = (
        f"jq -r '{_selected(host.name)}\n"
        '       | .value.target | select(test("^/etc/systemd/system/.*[.](path|timer)$"))\n'
        '       | split("/")[-1]\' manifest.json |\n'
        "xargs systemctl enable --now"
    )
    return "\n".join([*lines, triggers])


def _token(environment: Environment, host: Host, workload: Workload) -> dict[str, Any]:
    """A workload that asks Prometheus for a token: its own settings exist once it has been started."""
    assert workload.metrics
    assert workload.metrics.token
    there = environment.monitoring_host
    return {
        "workload": workload.name,
        "volumes": [volume for _, volume in sorted(workload.volumes.items())],
        "there": None if host == there else there.name,
        "show": f"cat {secret_path(workload.metrics.token)}; echo",
        "restart": f"systemctl restart {workload.name}.service",
    }


def _ready(ports: dict[str, int]) -> str:
    lines = []
    for name, port in ports.items():
        path, answer = _READY.get(name, ("/metrics", "200"))
        code = "" if name in _READY else " -o /dev/null -w '%{http_code}\\n'"
        lines.append((f"curl -fsS{code} http://127.0.0.1:{port}{path}", answer))
    width = max(len(command) for command, _ in lines)
    return "\n".join(f"{command:<{width}}  # {answer}" for command, answer in lines)

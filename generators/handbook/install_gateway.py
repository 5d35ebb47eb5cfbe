"""The Gateway's part of the install page: commands for PowerShell and WSL that an operator copies."""

from __future__ import annotations

from typing import Any

from generators.handbook.commands import DOWNLOADS, make_secret
from model.deployment import Deployment
from model.environment import Environment
from model.gateway import SERVICE, nginx_command, nginx_conf, nginx_conf_copy, nginx_reload
from model.host import Host
from model.secrets import secret_path, secrets

# Where the certificate of our own CA lies for people to fetch: as Windows and as WSL name it.
_CA_FOR_PCS = ("C:\\Users\\Public\\flatnet-ca.crt", "/mnt/c/Users/Public/flatnet-ca.crt")


def facts(deployment: Deployment, host: Host) -> dict[str, Any]:
    """What the part's template needs."""
    environment, windows = deployment.environment, host.windows
    return {
        "accounts": _accounts(environment, host),
        "ca": secret_path(environment.security.certificate_authority),
        "certificate": _certificate(environment, host),
        "key": (windows.certificates / "gateway.key").backslashed,
        "trust": f"certutil.exe -addstore Root '{_CA_FOR_PCS[0]}'",
        "conf": nginx_conf(host).backslashed,
        "include": f'include "{windows.config}/conf.d/flatnet-ops.conf";',
        "first_conf": nginx_conf_copy(host),
        "service": _service(environment, host),
        "reload": nginx_reload(host),
    }


def _ops(host: Host, path: str) -> str:
    return (host.windows.ops / path).backslashed


def _accounts(environment: Environment, host: Host) -> str:
    (file,) = (secret for secret in secrets(environment, host) if secret.make == "accounts")
    look = f"Get-Content -Encoding Ascii '{file.path}' | Where-Object {{ $_ -notmatch '^[^:]+:\\$apr1\\$' }}"
    return f"{make_secret(file, host)}\n{look}"


def _certificate(environment: Environment, host: Host) -> str:
    (key,) = (secret for secret in secrets(environment, host) if secret.make in {"certificate", "request"})
    if environment.gateway.tls.source == "company":
        return make_secret(key, host)
    authority = secret_path(environment.security.certificate_authority)
    return f"{make_secret(key, host)}\ninstall -m 0644 {authority} {_CA_FOR_PCS[1]}"


def _service(environment: Environment, host: Host) -> str:
    program = (host.windows.openresty / "nginx.exe").backslashed
    wrapper = _ops(host, f"gateway/{SERVICE}.exe")
    port = environment.gateway.ports.http
    return (
        f"& '{program}' {nginx_command(host)} -t\n"
        f"{DOWNLOADS}\n"
        f"Copy-Item .\\WinSW-x64.exe '{wrapper}'\n"
        f"& '{wrapper}' install\n"
        f"Start-Service {SERVICE}\n"
        f"curl.exe -fsS http://127.0.0.1:{port}/health"
    )

"""The command that makes each secret, for the install page and for `flatnet-ops secrets`."""

from __future__ import annotations

from model.certificate import CERTIFICATE_STATE, SCRIPT
from model.host import Host
from model.secrets import Secret

# Where this repository lies on a host.
CHECKOUT = "/opt/flatnet-ops"
# Where the page has people put what they download.
DOWNLOADS = 'Set-Location "$env:USERPROFILE\\Downloads"'
# Ids have no language. The account reads, Administrators may replace.
_ACCOUNTS = {"LocalSystem": "S-1-5-18", "LocalService": "S-1-5-19"}


def make_secret(secret: Secret, host: Host) -> str:
    """A command for a shell in WSL (as root) or for PowerShell (as administrator); a certificate is made in WSL.

    A value that is asked for is one line: what the clipboard adds at its end is dropped. What was made up once is kept,
    since nobody could read yesterday's backups with a new password.
    """
    if secret.make == "authority":
        return f'"${{ROOT:-}}{SCRIPT}" authority'
    if secret.make == "certificate":
        return f"{SCRIPT} renew"
    if secret.make == "request":
        request = f"{SCRIPT} request   # {CERTIFICATE_STATE}/gateway.csr"
        return f"{request}\n{SCRIPT} install /mnt/c/Users/Public/gateway.pem"
    if secret.side == "windows":
        return _for_windows(secret, host)
    place = f'"${{ROOT:-}}{secret.path}"'
    install = f"install -D -m {secret.mode:04o} -o {secret.owner} -g {secret.owner} /dev/stdin {place}"
    if secret.make == "copy":
        return install
    if secret.make == "ask":
        return f"head -n 1 | tr -d '\\r\\n' | {install}"
    return f"test -s {place} || openssl rand -base64 32 | tr -d '\\n' | {install}"


def _for_windows(secret: Secret, host: Host) -> str:
    return (
        f"New-Item -ItemType Directory -Force (Split-Path '{secret.path}') | Out-Null\n"
        f"{_content(secret, host)}\n"
        f"icacls '{secret.path}' /inheritance:r /grant:r '*{_ACCOUNTS[secret.account]}:R' "
        "'*S-1-5-32-544:F' | Out-Null"
    )


def _content(secret: Secret, host: Host) -> str:
    path = secret.path
    if secret.make == "random":
        return (
            f"if (-not (Test-Path '{path}')) {{\n"
            "    $bytes = New-Object byte[] 32\n"
            "    [System.Security.Cryptography.RandomNumberGenerator]::Create().GetBytes($bytes)\n"
            f"    Set-Content -NoNewline -Encoding Ascii '{path}' ([Convert]::ToBase64String($bytes))\n"
            "}"
        )
    if secret.make == "accounts":
        return (
            "$name = (Read-Host 'Account').Trim()\n"
            f"$hash = wsl.exe -d {host.wsl.distribution} -e openssl passwd '-apr1'\n"
            "if ($LASTEXITCODE -ne 0 -or $hash -notmatch '^\\$apr1\\$') { throw 'no password was set' }\n"
            f"$kept = @(Get-Content -Encoding Ascii '{path}' -ErrorAction SilentlyContinue |\n"
            "    Where-Object { -not $_.StartsWith($name + ':') })\n"
            f"Set-Content -Encoding Ascii '{path}' ($kept + ($name + ':' + $hash))"
        )
    return f"Set-Content -NoNewline -Encoding Ascii '{path}' (Read-Host '{secret.name}').Trim()"

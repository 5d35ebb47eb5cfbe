"""The command that makes each secret, for the install page and for `flatnet-ops secrets`."""

from __future__ import annotations

from model.secrets import Secret

# Ids have no language. The account reads, Administrators may replace.
_ACCOUNTS = {"LocalSystem": "S-1-5-18", "LocalService": "S-1-5-19"}


def make_secret(secret: Secret) -> str:
    """A command for a shell in WSL (as root) or for PowerShell (as administrator).

    A value that is asked for is one line: what the clipboard adds at its end is dropped. What was made up once is kept,
    since nobody could read yesterday's backups with a new password.
    """
    if secret.side == "windows":
        return _for_windows(secret)
    place = f'"${{ROOT:-}}{secret.path}"'
    install = f"install -D -m {secret.mode:04o} -o {secret.owner} -g {secret.owner} /dev/stdin {place}"
    if secret.make == "copy":
        return install
    if secret.make == "ask":
        return f"head -n 1 | tr -d '\\r\\n' | {install}"
    return f"test -s {place} || openssl rand -base64 32 | tr -d '\\n' | {install}"


def _for_windows(secret: Secret) -> str:
    return (
        f"New-Item -ItemType Directory -Force (Split-Path '{secret.path}') | Out-Null\n"
        f"Set-Content -NoNewline -Encoding Ascii '{secret.path}' (Read-Host '{secret.name}').Trim()\n"
        f"icacls '{secret.path}' /inheritance:r /grant:r '*{_ACCOUNTS[secret.account]}:R' "
        "'*S-1-5-32-544:F' | Out-Null"
    )

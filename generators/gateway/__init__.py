"""The Gateway of each host: nginx's configuration, the Lua in it, its service, and its certificate."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from generators.files import RenderedFile, windows_file
from generators.gateway import certificate, nginx, service, settings
from model.deployment import Deployment
from model.gateway import nginx_conf_copy, nginx_conf_rendered, nginx_reload
from model.host import Host
from model.values import WindowsPathValue

HOST_CODE = Path(__file__).parent / "host"

# Stands for the digest while the digest is taken.
_NOT_YET = "0" * 16


def generate(deployment: Deployment) -> Iterator[RenderedFile]:
    """Render everything of each host that has a Gateway."""
    for host in deployment.environment.hosts_with("gateway"):
        files = _loaded(deployment, host, _NOT_YET)
        generation = _digest(files)
        files = _loaded(deployment, host, generation) | {nginx.folder(host) / "generation": f"{generation}\n"}
        for path, content in files.items():
            yield windows_file(host.name, path, content, reload=nginx_reload(host))
        reload = f"{nginx_conf_copy(host)}; {nginx_reload(host)}"
        yield windows_file(host.name, nginx_conf_rendered(host), nginx.whole(deployment, host), reload=reload)
        yield windows_file(host.name, service.place(host), service.wrapper(host), reload=service.RESTART)
        yield from certificate.files(deployment, host)


def _loaded(deployment: Deployment, host: Host, generation: str) -> dict[WindowsPathValue, str]:
    """What nginx reads at a start and at a reload, by path."""
    lualib = host.windows.config / "lualib/flatnet_ops"
    code = {lualib / path.name: path.read_text(encoding="utf-8") for path in sorted(HOST_CODE.glob("*.lua"))}
    page = (HOST_CODE / "unavailable.html").read_text(encoding="utf-8")
    return {
        **nginx.files(deployment, host, generation),
        nginx.folder(host) / "unavailable.html": page,
        **code,
        lualib / "settings.lua": settings.table(deployment, host),
    }


def _digest(files: dict[WindowsPathValue, str]) -> str:
    """Names what is loaded: the running nginx carries it, the disk has it, and a metric compares the two."""
    digest = hashlib.sha256()
    for path, content in sorted(files.items(), key=lambda item: str(item[0])):
        digest.update(f"{path}\0{content}\0".encode())
    return digest.hexdigest()[: len(_NOT_YET)]

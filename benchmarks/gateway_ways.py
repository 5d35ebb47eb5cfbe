"""The rendered Gateway of a host on loopback, in the ways that are measured, and a workload behind it."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from generators.tree import render
from model.catalogue import read_catalogue
from model.faults import Origin
from model.layers import read_environment
from model.loader import deploy
from model.source import Node, Scalar

ROOT = Path(__file__).parent.parent
MODULES = ("ndk_http_module", "ngx_http_lua_module")
HOST, FOLDER, SITE = "tokyo-1", "F:/flatnet", "forgejo"
# What of our Lua a way has: none; the access phase alone, which finds the workload; all, as it is rendered. All but the
# last have nginx's own access log, in `batched` written in batches as ours is.
WAYS = ("nginx", "access", "batched", "ours")

BACKEND = """
worker_processes 1; daemon off; pid backend.pid; error_log backend.log warn;
events { worker_connections 1024; }
http {
    log_format mark "$status";
    access_log answers.log mark;
    server {
        listen 127.0.0.1:@workload@;
        location / { root .; try_files /page =404; }
    }
}
"""
# nginx as whoever starts it: its worker reads and writes in a folder that belongs to that user.
_USER = "user root;" if os.geteuid() == 0 else ""


@dataclass(frozen=True)
class Case:
    """What is asked for. `size`: bytes that the workload answers; `judged`: whether the limit is for this."""

    what: str
    size: int
    tls: bool
    judged: bool


CASES = (Case("a page over TLS", 16384, tls=True, judged=True), Case("a word without TLS", 6, tls=False, judged=False))


class Ways:
    """A folder with a Gateway for each way, and one workload behind all of them."""

    def __init__(self, folder: Path, case: Case) -> None:
        self.folder, self.case = folder, case
        names = ("http", "https", "api", "metrics")
        workload, *free = _free_ports(1 + len(WAYS) * len(names))
        self.ports = {way: dict(zip(names, free[len(names) * i :], strict=False)) for i, way in enumerate(WAYS)}
        new = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        new += ["-subj", "/CN=localhost", "-keyout", f"{folder}/gateway.key", "-out", f"{folder}/gateway.crt"]
        subprocess.run(new, check=True, capture_output=True)
        (folder / "page").write_bytes(b"x" * case.size)
        (folder / "backend.conf").write_text(BACKEND.replace("@workload@", str(workload)), encoding="utf-8")
        for way in WAYS:
            self._lay_out(way, _rendered(self.ports[way], workload), workload)

    def backend(self, nginx: str) -> list[str]:
        """The command of the workload."""
        return [nginx, "-p", f"{self.folder}/", "-c", f"{self.folder}/backend.conf", "-g", _USER]

    def gateway(self, nginx: str, way: str) -> list[str]:
        """The command of the Gateway; it wants to be started in `folder / way`."""
        folder = self.folder / way
        load = " ".join(f"load_module /usr/lib/nginx/modules/{name}.so;" for name in MODULES)
        return [nginx, "-p", f"{folder}/", "-c", f"{folder}/nginx.conf", "-g", f"{load} daemon off; {_USER}"]

    def url(self, way: str) -> str:
        """A page of the site."""
        return f"http{'s' * self.case.tls}://localhost:{self.ports[way]['https']}/sato/project"

    @property
    def log(self) -> Path:
        """Where the workload writes a line for each request, whichever way it came."""
        return self.folder / "answers.log"

    def pid(self, way: str) -> Path:
        """The file that is there when it runs."""
        return self.folder / way / FOLDER / "logs/nginx.pid"

    def _lay_out(self, way: str, files: Mapping[str, str], workload: int) -> None:
        flatnet = self.folder / way / FOLDER
        written = {
            **{path: _as(way, self.case, text, workload) for path, text in files.items()},
            "config/conf.d/api.conf": "",
            "openresty/conf/mime.types": "types { }",
            "ops/from-wsl/upstreams.json": json.dumps({f"{SITE}:{workload}": f"127.0.0.1:{workload}"}),
        }
        for kind in ("key", "crt"):
            written[f"config/ssl/gateway.{kind}"] = (self.folder / f"gateway.{kind}").read_text(encoding="ascii")
        for path, text in written.items():
            (flatnet / path).parent.mkdir(parents=True, exist_ok=True)
            (flatnet / path).write_text(text, encoding="utf-8")
        (flatnet / "logs").mkdir()
        (flatnet / "ops/gateway/nginx.conf").rename(self.folder / way / "nginx.conf")


def _rendered(ports: Mapping[str, int], workload: int) -> dict[str, str]:
    """Text by path below Flatnet's folder: production, but for ports and for one name."""
    layered = read_environment(ROOT / "environments", "production")
    _put(layered.tree, "gateway.ports", _node({name: _node(port) for name, port in ports.items()}))
    _put(layered.tree, f"gateway.sites.{SITE}.server_name", _node("localhost"))
    _put(layered.tree, f"gateway.sites.{SITE}.upstream.port", _node(workload))
    _put(layered.tree, f"workloads.{SITE}.ports", _node([_node(workload)]))
    deployment = deploy(layered, read_catalogue(ROOT / "alerts"))
    assert deployment is not None
    start = f"{HOST}/windows/f/flatnet/"
    files = {path.removeprefix(start): text for path, text in render(deployment).items() if path.startswith(start)}
    wanted = ("config/", "ops/gateway/nginx.conf")
    return {path: content.decode("utf-8") for path, content in files.items() if path.startswith(wanted)}


def _as(way: str, case: Case, text: str, workload: int) -> str:
    """A file as this way has it; whatever it listens on, it does so on loopback, from where it lets in.

    `lua_malloc_trim` is off: each thousandth log phase would give memory back to Linux, to ask for it again at once.
    The C library of Windows knows no such thing.
    """
    text = re.sub(r"^lua_shared_dict .*", r"\g<0>\nlua_malloc_trim 0;", text, count=1, flags=re.MULTILINE)
    text = re.sub(r"^( *listen )(?:[\d.]+:)?(\d+)", r"\g<1>127.0.0.1:\2", text, flags=re.MULTILINE)
    text = re.sub(r"^( *)deny all;", r"\1allow 127.0.0.0/8;\n\1deny all;", text, flags=re.MULTILINE)
    if not case.tls:
        text = re.sub(r"^( *listen [^;]*?) ssl( http2)?", r"\1", text, flags=re.MULTILINE)
    if way != "ours":
        text = re.sub(r"^log_by_lua_block .*\n", "", text, flags=re.MULTILINE)
        log = r"\1 combined \2" if way == "batched" else r"\1 combined;"
        text = re.sub(r"^(access_log .*) flatnet_ops (.*;)", log, text, flags=re.MULTILINE)
        assert "log_by_lua" not in text
        assert not re.search(r"access_log .* flatnet_ops ", text)
    if way == "nginx":
        text = re.sub(r"access_by_lua_block .*", f"set $flatnet_upstream 127.0.0.1:{workload};", text)
    return text


def _node(value: Scalar | dict[str, Node] | list[Node]) -> Node:
    return Node(Origin(Path("benchmark")), value)


def _put(tree: Node, path: str, new: Node) -> None:
    *above, last = path.split(".")
    for key in above:
        assert isinstance(tree.value, dict)
        tree = tree.value[key]
    assert isinstance(tree.value, dict)
    tree.value[last] = new


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    found = [held.getsockname()[1] for held in sockets]
    for held in sockets:
        held.close()
    return found

"""The rendered Gateway of a host in a scratch folder, as it lies on its drives: unchanged, and what it needs beside.

On Linux nginx takes `F:/flatnet/…` as a path below its prefix, which is the scratch folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from model.deployment import Deployment
from model.host import Host
from model.ways import ways
from tests.conftest import ROOT

MODULES = ("ndk_http_module", "ngx_http_lua_module")
TOKEN = "a-token-of-a-test-run"
# The part of Flatnet's own Lua that a whole nginx.conf calls.
FLATNETS_OWN = """return {
  configure = function(given) assert(type(given.host_id) == "number" and type(given.peers) == "table") end,
  start_sync_timer = function() end,
}
"""
# In the password file, but no account of the model: somebody who left.
FORMER = "former"


def password(account: str) -> str:
    return f"{account} of a test run"


@dataclass
class GatewayTree:
    """A host's files. `folder` is the scratch folder, `flatnet` that of Flatnet in it."""

    folder: Path
    deployment: Deployment
    host: Host

    @property
    def flatnet(self) -> Path:
        return self.folder / str(self.host.windows.folder)

    @property
    def upstreams(self) -> Path:
        """Where the Gateway finds the addresses of containers."""
        return self.folder / str(self.host.windows.upstreams)

    @property
    def authority(self) -> Path:
        """The certificate of the CA that the rendered script made."""
        return self.folder / "etc/flatnet-ops/secrets/ca-certificate"

    def command(self, nginx: str, *words: str, globally: str = "", group: str = "root") -> list[str]:
        """nginx, as it is called on Windows; `globally` are directives that stand outside of its configuration."""
        load = " ".join(f"load_module /usr/lib/nginx/modules/{name}.so;" for name in MODULES)
        user = f"user root {group};" if os.geteuid() == 0 else ""  # on Windows there is one account alone
        configuration = ["-p", f"{self.folder}/", "-c", f"{self.folder}/nginx.conf"]
        return [nginx, *configuration, "-g", f"{load} {user} {globally}", *words]

    def certificate(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the rendered script of certificates, with the scratch folder as its root."""
        script = self.folder / "usr/local/lib/flatnet-ops/gateway-certificate"
        done = subprocess.run(
            ["sh", script, *words],
            env={**os.environ, "ROOT": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done


def lay_out(folder: Path, deployment: Deployment, host: Host, rendered: Path | None = None) -> GatewayTree:
    """Copy what is rendered; make certificates with the rendered script, and what only people and programs write.

    `rendered` holds the files of the host, else those that are committed are taken.
    """
    rendered = rendered or ROOT / "rendered" / deployment.name / host.name
    tree = GatewayTree(folder, deployment, host)
    for drive in (rendered / "windows").iterdir():
        shutil.copytree(drive, folder / f"{drive.name.upper()}:")
    for part in ("etc/flatnet-ops", "usr/local/lib/flatnet-ops"):
        shutil.copytree(rendered / "wsl" / part, folder / part)
    letter = host.windows.folder.drive
    (folder / "mnt").mkdir()
    (folder / "mnt" / letter.lower()).symlink_to(folder / f"{letter}:")
    _beside(tree)
    return tree


def _beside(tree: GatewayTree) -> None:
    flatnet, environment = tree.flatnet, tree.deployment.environment
    shutil.copy(flatnet / "ops/gateway/nginx.conf", tree.folder / "nginx.conf")
    for name in ("openresty/conf", "logs", "config/ssl", "ops/secrets", "ops/dead-mans-switch"):
        (flatnet / name).mkdir(parents=True, exist_ok=True)
    (flatnet / "openresty/conf/mime.types").write_text("types { text/html html; }\n", encoding="utf-8")
    (flatnet / "config/conf.d/api.conf").write_text("# Flatnet's own API\n", encoding="utf-8")
    (flatnet / "config/lualib/flatnet").mkdir()
    (flatnet / "config/lualib/flatnet/sync.lua").write_text(FLATNETS_OWN, encoding="utf-8")
    (flatnet / "ops/secrets" / environment.gateway.ingress_token).write_text(f"{TOKEN}\n", encoding="utf-8")
    users = [f"{name}:{_hashed(name)}\r\n" for name in (*environment.security.accounts, FORMER)]
    (flatnet / "ops/secrets" / environment.security.password_file).write_text("".join(users), encoding="ascii")
    network = environment.container_network(tree.host)
    by_name = {w.name: network.first + 3 + i for i, w in enumerate(environment.workloads_on(tree.host))}
    addresses = {
        f"{way.workload}:{way.port}": f"127.0.0.1:{way.local}" if way.local else f"{by_name[way.workload]}:{way.port}"
        for way in ways(environment, tree.host)
    }
    tree.upstreams.parent.mkdir(parents=True)
    tree.upstreams.write_text(json.dumps(addresses), encoding="utf-8")
    # A CA for this test alone, also where the company's signs: the script makes one for whoever says `own`.
    settings = tree.folder / "etc/flatnet-ops/gateway-certificate.env"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("SOURCE=company", "SOURCE=own"), encoding="utf-8")
    tree.certificate("authority")
    tree.certificate("renew")


def _hashed(account: str) -> str:
    done = subprocess.run(["openssl", "passwd", "-apr1", password(account)], capture_output=True, text=True, check=True)
    return done.stdout.strip()

"""A Gateway of the tests' own: the Lua as it lands on hosts, behind a small configuration that keeps its contract."""

from __future__ import annotations

import json
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT
from tests.nginx import Nginx, ask, free_ports, wait

LUA = ROOT / "generators" / "gateway" / "host"
GENERATION = "5f2c0e"
BUCKETS = (0.005, 0.05, 0.25, 1.0, 2.5)

NGINX_CONF = """
user root;
worker_processes @workers@;
daemon off;
error_log logs/error.log info;
pid logs/nginx.pid;
events { worker_connections 1024; }

http {
    lua_package_path "@folder@/lualib/?.lua;;";
    lua_shared_dict flatnet_ops @dict@;
    lua_shared_dict flatnet_containers 100k;
    log_format flatnet_ops escape=none '$flatnet_line';
    map $http_x_request_id $flatnet_request_id {
        "~^[A-Za-z0-9._-]{1,64}$" $http_x_request_id;
        default $request_id;
    }
    limit_req_zone $server_name zone=slow:64k rate=1r/s;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    keepalive_requests 100000;
    large_client_header_buffers 4 16k;

    upstream first_is_dead { server 127.0.0.1:@dead@ max_fails=0; server 127.0.0.1:@backend@ max_fails=0 backup; }
    upstream pool { server 127.0.0.1:@backend@; keepalive 32; }

    server { # of any other name, and for what is no request at all
        listen 127.0.0.1:@http@ default_server backlog=4096;
        @tls@
        set $flatnet_site unknown;
        include ours.conf;
        return 404;
    }
    server {
        listen 127.0.0.1:@http@;
        @tls@
        server_name forgejo;
        set $flatnet_site forgejo;
        include ours.conf;
        error_page 502 /errors/502.html;
        location / {
            set $address "";
            access_by_lua_block {
                local address = require("flatnet_ops.upstreams").address("forgejo", @backend@)
                if not address then return ngx.exit(502) end
                ngx.var.address = address
            }
            proxy_pass http://$address;
        }
        location /errors/ { internal; root html; }
    }
    server {
        listen 127.0.0.1:@http@;
        @tls@
        server_name wiki;
        set $flatnet_site wiki;
        include ours.conf;
        location / { proxy_pass http://pool; }
        location /retried { proxy_pass http://first_is_dead; }
        location /dead { proxy_pass http://127.0.0.1:@dead@; }
        location /slow { proxy_read_timeout 200ms; proxy_pass http://pool; }
        location /upgrade {
            proxy_set_header Connection upgrade;
            proxy_set_header Upgrade $http_upgrade;
            proxy_pass http://pool;
        }
        location /limited { limit_req zone=slow; proxy_pass http://pool; }
        location /checked { auth_request /check; proxy_pass http://pool; }
        location /check { internal; proxy_pass http://pool/status/204; }
        location /not-found { error_page 404 @elsewhere; proxy_intercept_errors on; proxy_pass http://pool/status/404; }
        location @elsewhere { proxy_pass http://pool; }
        location /files/ { internal; alias html/; }
        location /static/ { alias html/; }
    }
    server {
        listen 127.0.0.1:@metrics@;
        set $flatnet_site metrics;
        set $flatnet_generation "@generation@";
        include ours.conf;
        location = /metrics { content_by_lua_file lualib/flatnet_ops/metrics.lua; }
        location = /heartbeat { content_by_lua_file lualib/flatnet_ops/heartbeat.lua; }
        location = /escape {
            client_max_body_size 16m;
            client_body_buffer_size 16m;
            content_by_lua_block {
                ngx.req.read_body()
                local escape = require("flatnet_ops.json").escape
                for hex in ngx.req.get_body_data():gmatch("[^\\n]+") do
                    local bytes = hex:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end)
                    ngx.print('"', escape(bytes:sub(2)), '"\\n')
                end
            }
        }
    }
    server { # the workload
        listen 127.0.0.1:@backend@ backlog=4096;
        access_log off;
        location / { return 200 "hello\\n"; }
        location /status/ { content_by_lua_block {
            ngx.status = tonumber(ngx.var.uri:match("%d+$")); ngx.print("x")
        } }
        location /drop { return 444; }
        location /slow { content_by_lua_block { ngx.sleep(1) ngx.print("late") } }
        location /upgrade { content_by_lua_block {
            ngx.status = 101
            ngx.header["Upgrade"] = "test"
            ngx.header["Connection"] = "upgrade"
            ngx.send_headers()
            ngx.flush(true)
            ngx.sleep(0.4)
        } }
        location /accel { add_header X-Accel-Redirect /files/page.html; return 200 ""; }
    }
}
"""

OURS_CONF = """
set $flatnet_line "";
access_log logs/access.log flatnet_ops;
log_by_lua_file lualib/flatnet_ops/log.lua;
"""


def lua(value: object) -> str:
    """A value as Lua writes it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"[{json.dumps(str(key))}] = {lua(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "{" + ", ".join(map(lua, value)) + "}"
    return json.dumps(value)


@dataclass
class Gateway:
    """The running Gateway, its ports and its folder."""

    nginx: Nginx
    folder: Path
    ports: Mapping[str, int]

    def ask(
        self, site: str, path: str = "/", method: str = "GET", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """One request to a site. Returns status, headers and body."""
        return ask(self.ports["http"], path, method, {"Host": site, **(headers or {})})

    def metrics(self, accept: str = "") -> str:
        """What a scraper reads."""
        status, _, body = ask(self.ports["metrics"], "/metrics", headers={"Accept": accept} if accept else {})
        assert status == 200
        return body.decode()

    def lines(self) -> list[dict[str, object]]:
        """The access log, each line read by a strict parser."""
        path = self.folder / "logs" / "access.log"
        return [strict(line) for line in path.read_bytes().splitlines()]

    def line(self, path: str) -> dict[str, object]:
        """The line of the only request for a path, when it is there."""
        wait(f"a line for {path}", lambda: any(line["path"] == path for line in self.lines()))
        (found,) = [line for line in self.lines() if line["path"] == path]
        return found

    def addresses(self, known: Mapping[str, str]) -> None:
        """Write the addresses of workloads, as the script in WSL does."""
        beside = self.folder / "upstreams.json.new"
        beside.write_text(json.dumps(known), encoding="utf-8")
        beside.rename(self.folder / "upstreams.json")


def strict(line: bytes) -> dict[str, object]:
    """One JSON object in UTF-8; NaN, repeated keys and control characters are refused."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert len(dict(pairs)) == len(pairs), pairs
        return dict(pairs)

    def refuse(word: str) -> object:
        raise ValueError(word)

    read = json.loads(line.decode("utf-8", "strict"), object_pairs_hook=once, parse_constant=refuse)
    assert isinstance(read, dict)
    return read


def series(text: str) -> dict[str, float]:
    """Samples of a scrape by name and labels, as they stand there."""
    return {
        key: float(value)
        for key, value in (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    }


def total(found: Mapping[str, float], name: str, **labels: str) -> float:
    """Sum of the samples of a name whose labels have these values."""
    wanted = {f'{label}="{value}"' for label, value in labels.items()}
    chosen = [value for key, value in found.items() if key.split("{")[0] == name and wanted <= set(pairs(key))]
    assert chosen, f"no series {name} with {wanted}"
    return sum(chosen)


def pairs(key: str) -> list[str]:
    """The labels of a series, each as name="value"."""
    return re.findall(r'[a-z]+="[^"]*"', key)


def by(found: Mapping[str, float], name: str, label: str) -> dict[str, float]:
    """Sums of the samples of a name by one label."""
    sums: dict[str, float] = defaultdict(float)
    for key, value in found.items():
        if key.split("{")[0] == name:
            sums[dict(pair.split("=") for pair in pairs(key))[label].strip('"')] += value
    return dict(sums)


@contextmanager
def gateway(
    nginx: str, folder: Path, *, workers: int = 1, dict_size: str = "5m", tls: str = "", status_port: int | None = None
) -> Iterator[Gateway]:
    """Run a Gateway in `folder`; `tls` are directives for the servers of the sites."""
    ports = dict(zip(("http", "metrics", "backend", "dead", "status"), free_ports(5), strict=True))
    if status_port is not None:
        ports["status"] = status_port
    settings = {
        "sites": {"forgejo": {"upstream": "forgejo"}, "wiki": {"upstream": "wiki"}, "metrics": {}},
        "accounts": {"sato": True},
        "upstreams": {
            "forgejo": {"workload": "forgejo", "port": ports["backend"]},
            "wiki": {"address": f"127.0.0.1:{ports['backend']}"},
            "dead": {"address": f"127.0.0.1:{ports['dead']}"},
        },
        "methods": ["DELETE", "GET", "HEAD", "POST", "PUT"],
        "buckets": BUCKETS,
        "connections_limit": 512,
        "status": {"address": "127.0.0.1", "port": ports["status"], "timeout_ms": 500},
        "files": {name: str(folder / name) for name in ("generation", "heartbeat")}
        | {"upstreams": str(folder / "upstreams.json")},
    }
    places = {**ports, "workers": workers, "folder": folder, "dict": dict_size, "tls": tls, "generation": GENERATION}
    conf = re.sub(r"@(\w+)@", lambda place: str(places[place[1]]), NGINX_CONF)
    shutil.copytree(LUA, folder / "lualib" / "flatnet_ops", ignore=shutil.ignore_patterns("*.md"))
    (folder / "lualib" / "flatnet_ops" / "settings.lua").write_text("return " + lua(settings), encoding="utf-8")
    for name, text in {"nginx.conf": conf, "ours.conf": OURS_CONF, "generation": GENERATION + "\n"}.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "html").mkdir()
    for page in ("page.html", "502.html"):
        (folder / "html" / page).write_text("a page\n", encoding="utf-8")
    with Nginx(nginx, folder, ports["http"]) as running:
        made = Gateway(running, folder, ports)
        made.addresses({"forgejo": "127.0.0.2"})
        yield made

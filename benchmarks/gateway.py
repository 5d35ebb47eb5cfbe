"""What counting and logging in Lua cost the Gateway: wrk against a proxied site, with and without, alternating.

Three servers of one nginx proxy to the same upstream over TLS, as every site is reached: `bare` writes no log; `nginx`
writes the same fields with nginx's own JSON escaping and counts nothing; `ours` counts and logs in Lua. The limit is
5 % of the requests per second of `nginx`. The same without TLS is the worst case: nothing but our cost is left.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LUA = Path(__file__).parent.parent / "generators" / "gateway" / "host"
MODULES = "/usr/lib/nginx/modules"
WAYS = ("bare", "nginx", "ours")
CASES = (("tls", "https", "page", 16384), ("plain", "http", "short", 256))
ROUNDS = 9
SECONDS = 2
CONNECTIONS = 32

CONF = """
user root; daemon off; worker_processes 1; pid @kind@.pid; error_log @kind@.log warn;
events { worker_connections 1024; }
http {
    lua_package_path "@folder@/?.lua;;";
    lua_shared_dict flatnet_ops 5m;
    access_log off;
    keepalive_requests 1000000000;
    log_format own escape=json '{"timestamp":"$time_iso8601","level":"INFO","component":"gateway",'
        '"message":"$request_method $uri $status","request_id":"$request_id","duration_ms":$request_time,'
        '"site":"$flatnet_site","method":"$request_method","path":"$uri","status":$status,"bytes":$bytes_sent,'
        '"client":"$remote_addr","user":"$remote_user","upstream":"$upstream_addr",'
        '"upstream_ms":"$upstream_response_time"}';
    log_format lua escape=none '$flatnet_line';
    map $http_x_request_id $flatnet_request_id {
        "~^[A-Za-z0-9._-]{1,64}$" $http_x_request_id;
        default $request_id;
    }
    @servers@
}
"""
SITE = """
    server {
        listen 127.0.0.1:@plain@;
        listen 127.0.0.1:@tls@ ssl;
        ssl_certificate gateway.crt; ssl_certificate_key gateway.key;
        set $flatnet_site forgejo; set $flatnet_line "";
        proxy_http_version 1.1; proxy_set_header Connection close;
        proxy_set_header X-Request-ID $flatnet_request_id;
        @extra@
        location / { set $to 127.0.0.1:@backend@; proxy_pass http://$to; }
    }
"""
EXTRA = {
    "bare": "",
    "nginx": "access_log nginx_access.log own;",
    "ours": "access_log ours_access.log lua; log_by_lua_file flatnet_ops/log.lua;",
}
BACKEND = """
    server {
        listen 127.0.0.1:@backend@;
        set $flatnet_site ""; set $flatnet_line "";
        root pages;
        location /page { try_files /page =404; }
        location /short { try_files /short =404; }
    }
"""
SETTINGS = """return {
    sites = { forgejo = { upstream = "forgejo" }, grafana = {} }, accounts = {},
    upstreams = { forgejo = { address = "127.0.0.1:@backend@" } },
    methods = { "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT" },
    buckets = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0 },
    files = { upstreams = "" },
}"""


def main() -> None:
    """Print requests per second and processor time of each way; nothing is judged."""
    nginx, wrk = shutil.which("nginx", path="/usr/sbin:/usr/bin"), shutil.which("wrk")
    if not nginx or not wrk:
        print("\nthe Gateway is not measured: nginx and wrk are missing (`make tools` installs them)")
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        wanted = [f"{way} {case}" for way in WAYS for case, *_ in CASES]
        ports = dict(zip((*wanted, "backend"), _ports(len(wanted) + 1), strict=True))
        _prepare(folder, ports)
        with _running(nginx, folder, "backend"), _running(nginx, folder, "gateway") as gateway:
            for case, scheme, path, size in CASES:
                print(f"\nthe Gateway, {case}, {CONNECTIONS} connections, answers of {size} bytes: median of {ROUNDS}")
                urls = {way: f"{scheme}://127.0.0.1:{ports[f'{way} {case}']}/{path}/sato/project" for way in WAYS}
                _measure(wrk, urls, gateway)


def _prepare(folder: Path, ports: dict[str, int]) -> None:
    shutil.copytree(LUA, folder / "flatnet_ops", ignore=shutil.ignore_patterns("*.md"))
    key = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        str(folder / "gateway.key"),
    ]
    new = ["openssl", "req", "-x509", "-subj", "/CN=gateway", *key, "-out", str(folder / "gateway.crt")]
    subprocess.run(new, check=True, capture_output=True)
    backend = _fill(BACKEND, backend=ports["backend"])
    (folder / "pages").mkdir()
    for _, _, page, size in CASES:
        (folder / "pages" / page).write_bytes(b"x" * size)
    sites = ""
    for way in WAYS:
        listen = {case: ports[f"{way} {case}"] for case, *_ in CASES}
        sites += _fill(SITE, way=way, extra=EXTRA[way], backend=ports["backend"], **listen)
    for kind, servers in (("gateway", sites), ("backend", backend)):
        (folder / f"{kind}.conf").write_text(_fill(CONF, kind=kind, folder=folder, servers=servers), encoding="utf-8")
    (folder / "flatnet_ops" / "settings.lua").write_text(_fill(SETTINGS, backend=ports["backend"]), encoding="utf-8")


def _measure(wrk: str, urls: dict[str, str], gateway: int) -> None:
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    costs: dict[str, list[float]] = {way: [] for way in WAYS}
    for turn in range(ROUNDS + 1):
        for way in WAYS if turn % 2 else WAYS[::-1]:
            before = _processor_time(gateway)
            rate, requests = _load(wrk, urls[way])
            if turn:  # the first one warms up
                rates[way].append(rate)
                costs[way].append((_processor_time(gateway) - before) / requests * 1e6)
    print(f"  {'way':<8} {'requests/s':>10} {'(min–max)':>15} {'to nginx':>9} {'µs of processor':>16} {'to nginx':>9}")
    for way in WAYS:
        rate, cost = statistics.median(rates[way]), statistics.median(costs[way])
        spread = f"({min(rates[way]):.0f}–{max(rates[way]):.0f})"
        by_rate = _relative(rates[way], rates["nginx"])
        by_cost = _relative(costs[way], costs["nginx"])
        print(f"  {way:<8} {rate:>10.0f} {spread:>15} {by_rate:>+8.1f}% {cost:>16.1f} {by_cost:>+8.1f}%")


def _relative(ones: list[float], others: list[float]) -> float:
    """Median of the differences within one turn, percent: what else runs on the machine touches both alike."""
    return 100 * (statistics.median(one / other for one, other in zip(ones, others, strict=True)) - 1)


def _load(wrk: str, url: str) -> tuple[float, int]:
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}", url]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    rate, requests = re.search(r"Requests/sec: +([\d.]+)", said), re.search(r"(\d+) requests in", said)
    assert rate, said
    assert requests, said
    assert "Non-2xx" not in said, said
    return float(rate[1]), int(requests[1])


def _processor_time(worker: int) -> float:
    """Seconds that a process has had, its own and the kernel's for it."""
    fields = Path(f"/proc/{worker}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _running(nginx: str, folder: Path, kind: str) -> Iterator[int]:
    """Run one nginx; gives the process id of its worker."""
    load = f"load_module {MODULES}/ndk_http_module.so; load_module {MODULES}/ngx_http_lua_module.so;"
    command = [nginx, "-p", f"{folder}/", "-c", f"{folder}/{kind}.conf", "-g", load]
    process = subprocess.Popen(command, cwd=folder)
    try:
        yield _worker(process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def _worker(master: subprocess.Popen[bytes]) -> int:
    children = Path(f"/proc/{master.pid}/task/{master.pid}/children")
    for _ in range(100):
        time.sleep(0.05)
        if found := children.read_text(encoding="ascii").split():
            return int(found[0])
    raise TimeoutError("nginx did not start")


def _ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    found = [held.getsockname()[1] for held in sockets]
    for held in sockets:
        held.close()
    return found


def _fill(text: str, **values: object) -> str:
    return re.sub(r"@(\w+)@", lambda place: str(values.get(place[1], place[0])), text)


if __name__ == "__main__":
    main()

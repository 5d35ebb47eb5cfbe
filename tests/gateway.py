"""A Gateway of the tests' own: the Lua as it lands on hosts, behind a small configuration that keeps its contract."""

from __future__ import annotations

import base64
import json
import random
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

NGINX_CONF = (ROOT / "tests" / "gateway.conf").read_text(encoding="utf-8")

RENDERED_CONF = ROOT / "generators" / "gateway" / "templates" / "flatnet-ops.conf.j2"
OURS_CONF = """
set $flatnet_line "";
access_log logs/access.log flatnet_ops;
log_subrequest off;
log_by_lua_block { require("flatnet_ops.access").record() }
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

    def lines_for(self, path: str, count: int) -> list[dict[str, object]]:
        """The last lines for a path, when there are so many: they are written after the answer."""
        found: list[dict[str, object]] = []

        def enough() -> bool:
            found[:] = [line for line in self.lines() if line["path"] == path]
            return len(found) >= count

        wait(f"{count} lines for {path}", enough)
        return found[-count:]

    def line(self, path: str) -> dict[str, object]:
        """The line of the only request for a path."""
        (found,) = self.lines_for(path, 1)
        return found

    def addresses(self, known: Mapping[str, str]) -> None:
        """Write the addresses of workloads, as the script in WSL does; all listen on the port of the backend."""
        port, beside = self.ports["backend"], self.folder / "upstreams.json.new"
        content = {f"{workload}:{port}": f"{address}:{port}" for workload, address in known.items()}
        beside.write_text(json.dumps(content), encoding="utf-8")
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


def hostile(random_: random.Random) -> bytes:
    """A request whose every part is hostile: broken UTF-8, quotes, control characters, a line that is no request."""
    pieces = [
        b'"',
        b"\\",
        b"\xff",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\xf0\x9f\x92\xa9",
        b"\xe3\x81\x82",
        b"\xc2\x85",
        b"a",
        b"%22",
    ]

    def text(control: bool = False) -> bytes:
        extra = [b"\x00", b"\x1b[2J", b"\x7f", b"\t"] if control else []
        return b"".join(random_.choice(pieces + extra) for _ in range(random_.randrange(12)))

    credentials = base64.b64encode(text(control=True) + b":" + text())
    method = random_.choice([b"GET", b"POST", b"TRACE", b"G\xffT", b'"', b"x" * 50])
    head = method + b" /" + text(random_.random() < 0.3) + b" HTTP/1.1\r\n"
    fields = [(b"Host", random_.choice([b"wiki", b"wiki", text(), b"h%d" % random_.randrange(9999)]))]
    fields += [(b"User-Agent", text()), (b"X-Request-ID", text()), (b"Authorization", b"Basic " + credentials)]
    fields += [(b"Connection", b"close"), (b"Content-Length", b"0")]
    return head + b"".join(name + b": " + value + b"\r\n" for name, value in fields) + b"\r\n"


def facts() -> str:
    """The format of the log and the maps of what the log phase needs, as they stand in the rendered configuration."""
    text = RENDERED_CONF.read_text(encoding="utf-8")
    patterns = (r"^log_format flatnet_ops .*\n", *(rf"^map .* \$flatnet_{m} \{{\n.*\n\}}\n" for m in ("user", "facts")))
    found = [re.search(pattern, text, re.MULTILINE) for pattern in patterns]
    return "".join(each[0] for each in found if each)


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
        "files": {name: str(folder / name) for name in ("generation", "heartbeat", "nginx_conf", "nginx_conf_rendered")}
        | {"upstreams": str(folder / "upstreams.json")},
    }
    places = {**ports, "workers": workers, "folder": folder, "dict": dict_size, "tls": tls, "generation": GENERATION}
    conf = re.sub(r"@(\w+)@", lambda place: str(places[place[1]]), NGINX_CONF)
    shutil.copytree(LUA, folder / "lualib" / "flatnet_ops", ignore=shutil.ignore_patterns("*.md"))
    (folder / "lualib" / "flatnet_ops" / "settings.lua").write_text("return " + lua(settings), encoding="utf-8")
    for name, text in {
        "nginx.conf": conf,
        "ours.conf": OURS_CONF,
        "facts.conf": facts(),
        "generation": GENERATION + "\n",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "html" / "errors").mkdir(parents=True)
    for page in ("page.html", "errors/502.html"):
        (folder / "html" / page).write_text("a page\n", encoding="utf-8")
    with Nginx(nginx, folder, ports["http"]) as running:
        made = Gateway(running, folder, ports)
        made.addresses({"forgejo": "127.0.0.2"})
        yield made

"""The Gateway's Lua in a real nginx: what it counts, what it logs, and what it never shows."""

from __future__ import annotations

import base64
import json
import random
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from model import names
from tests.conftest import Programs
from tests.gateway import BUCKETS, GENERATION, LUA, Gateway, by, gateway, series, strict, total
from tests.native.conftest import Judge
from tests.nginx import ask, wait

Find = Callable[[str], str]
REQUESTS, DURATION = names.GATEWAY_REQUESTS, names.GATEWAY_DURATION
OPEN_METRICS = "application/openmetrics-text;version=1.0.0"


@pytest.fixture(scope="module")
def running(debian_program: Find, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One Gateway for the tests that look at their own requests alone."""
    with gateway(debian_program("nginx"), tmp_path_factory.mktemp("gateway")) as made:
        yield made


def raw(port: int, sent: bytes) -> bytes:
    """What nginx answers to these bytes on a connection of their own."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_luacheck_has_no_remark(debian_program: Find, judge: Judge) -> None:
    judge([debian_program("luacheck"), "--no-color", "--quiet", LUA])


# --- What is counted -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/checked", 200),  # a subrequest asks whether it may
        ("/not-found", 404),  # a named location answers for the error
        ("/accel", 200),  # the workload sends the client to a file
        ("/retried", 200),  # the second server answers
        ("/static/", 403),
        ("/status/503", 503),
    ],
)
def test_a_request_counts_once_whatever_nginx_makes_of_it(running: Gateway, path: str, status: int) -> None:
    before = series(running.metrics())
    assert running.ask("wiki", path)[0] == status
    after = series(running.metrics())
    grown = {key: after[key] - before[key] for key in after if key.startswith(REQUESTS) and 'site="wiki"' in key}
    assert {key: n for key, n in grown.items() if n} == {
        f'{REQUESTS}{{site="wiki",method="GET",status="{status // 100}xx"}}': 1
    }
    for suffix in ("_count", "_bucket"):
        labels = {"le": "+Inf"} if suffix == "_bucket" else {}
        name = DURATION + suffix
        assert total(after, name, site="wiki", **labels) - total(before, name, site="wiki", **labels) == 1


def test_an_error_page_of_nginx_keeps_the_clients_method_and_path(running: Gateway) -> None:
    running.addresses({"forgejo": "127.0.0.2"})
    before = series(running.metrics())
    assert running.ask("forgejo", "/push", "POST")[0] in (404, 502)
    after = series(running.metrics())
    assert total(after, REQUESTS, site="forgejo", method="POST") - total(before, REQUESTS, site="forgejo") == 1
    assert running.line("/push")["method"] == "POST"


def test_bytes_are_counted_with_their_headers(running: Gateway) -> None:
    before = series(running.metrics())
    request = b"POST / HTTP/1.1\r\nHost: wiki\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000
    answer = raw(running.ports["http"], request)
    after = series(running.metrics())
    for direction, size in (("in", len(request)), ("out", len(answer))):
        labels = {"site": "wiki", "direction": direction}
        assert total(after, names.GATEWAY_BYTES, **labels) - total(before, names.GATEWAY_BYTES, **labels) == size


@pytest.mark.parametrize(
    ("method", "label"), [("HEAD", "HEAD"), ("PROPFIND", "other"), ("get", "other"), ("X" * 40, "other")]
)
def test_methods_that_nobody_listed_are_other(running: Gateway, method: str, label: str) -> None:
    before = series(running.metrics())
    raw(running.ports["http"], f"{method} /m HTTP/1.1\r\nHost: wiki\r\nConnection: close\r\n\r\n".encode())
    after = series(running.metrics())
    grown = {key: n for key, n in by(after, REQUESTS, "method").items() if n != by(before, REQUESTS, "method")[key]}
    assert set(grown) == {"GET", label}  # GET: the scrape itself


def test_the_time_of_a_websocket_is_the_time_until_it_was_upgraded(running: Gateway) -> None:
    before = series(running.metrics())
    answer = raw(
        running.ports["http"],
        b"GET /upgrade HTTP/1.1\r\nHost: wiki\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 101 ")
    line = running.line("/upgrade")
    assert line["status"] == 101
    assert isinstance(line["duration_ms"], int)
    after = series(running.metrics())
    bucket = {"site": "wiki", "le": "0.25"}
    assert total(after, DURATION + "_bucket", **bucket) - total(before, DURATION + "_bucket", **bucket) == 1


def test_slow_answers_fall_into_their_bucket_and_into_the_sum(running: Gateway) -> None:
    before = series(running.metrics())
    assert running.ask("wiki", "/slow")[0] == 504
    after = series(running.metrics())

    def grown(suffix: str, **labels: str) -> float:
        name = DURATION + suffix
        return total(after, name, site="wiki", **labels) - total(before, name, site="wiki", **labels)

    assert [grown("_bucket", le=bound) for bound in ("0.05", "2.5", "+Inf")] == [0, 1, 1]
    assert 0.19 < grown("_sum") < 2


def test_a_client_that_leaves_counts_as_its_own_fault(running: Gateway) -> None:
    before = series(running.metrics())
    with socket.create_connection(("127.0.0.1", running.ports["http"])) as client:
        client.sendall(b"GET /slow?leaves HTTP/1.1\r\nHost: wiki\r\n\r\n")
        time.sleep(0.05)
    errors = names.GATEWAY_UPSTREAM_ERRORS
    wait("the line", lambda: any(line["status"] == 499 for line in running.lines()))
    (line,) = [line for line in running.lines() if line["status"] == 499]
    assert (line["level"], line["error"]) == ("WARN", "client closed the connection")
    after = series(running.metrics())
    labels = {"site": "wiki", "status": "4xx"}
    assert total(after, REQUESTS, **labels) - total(before, REQUESTS, **labels) == 1
    assert total(after, errors, upstream="wiki") == total(before, errors, upstream="wiki")


# --- Upstreams -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "attempts", "failed", "up", "error"),
    [
        ("/", ["wiki"], [], {"wiki": 1}, None),
        ("/status/502", ["wiki"], [], {"wiki": 1}, None),  # its own answer
        ("/dead", ["dead"], ["dead"], {"dead": 0}, "could not be connected to"),
        ("/retried", ["dead", "wiki"], ["dead"], {"dead": 0, "wiki": 1}, "could not be connected to"),
        ("/slow", ["wiki"], ["wiki"], {"wiki": 1}, "timed out"),
        ("/drop", ["wiki"], ["wiki"], {"wiki": 1}, "gave no valid answer"),
    ],
)
def test_each_attempt_counts_for_its_upstream(
    running: Gateway, path: str, attempts: list[str], failed: list[str], up: dict[str, int], error: str | None
) -> None:
    before = series(running.metrics())
    lines = len(running.lines())
    running.ask("wiki", path)
    after = series(running.metrics())

    def grown(name: str) -> list[str]:
        then, now = (by(found, name, "upstream") for found in (before, after))
        return [upstream for upstream in sorted(now) for _ in range(int(now[upstream] - then.get(upstream, 0)))]

    assert grown(names.GATEWAY_UPSTREAM_DURATION + "_count") == attempts
    assert grown(names.GATEWAY_UPSTREAM_ERRORS) == failed
    assert {name: total(after, names.GATEWAY_UPSTREAM_UP, upstream=name) for name in up} == up
    (line,) = [line for line in running.lines()[lines:] if line["site"] == "wiki"]
    assert line["upstream"] == attempts[-1]
    assert (error in str(line["error"])) if error else ("error" not in line)


def test_addresses_of_workloads_are_read_again_when_they_change(running: Gateway) -> None:
    def answers(status: int) -> bool:
        return running.ask("forgejo", "/status/201")[0] == status

    running.addresses({"forgejo": "127.0.0.1"})
    wait("the new address", lambda: answers(201), 3)
    assert total(series(running.metrics()), names.GATEWAY_UPSTREAM_UP, upstream="forgejo") == 1
    (running.folder / "upstreams.json").write_text('{"forgejo": "127.0', encoding="utf-8")
    time.sleep(1.1)
    assert answers(201), "a half-written file costs what was known"
    running.addresses({"wiki": "127.0.0.1"})
    wait("the address to be gone", lambda: not answers(201), 3)
    found = series(running.metrics())
    assert total(found, names.GATEWAY_UPSTREAM_UP, upstream="forgejo") == 0
    assert total(found, names.GATEWAY_UPSTREAM_ERRORS, upstream="forgejo") >= 1
    assert "forgejo has no address" in [line.get("error") for line in running.lines()]
    for wrong in ("[]", '{"forgejo": "evil.example:80"}', '{"forgejo": "999.1.1.1"}', '{"forgejo": 7}'):
        (running.folder / "upstreams.json").write_text(wrong, encoding="utf-8")
        time.sleep(1.05)
        assert not answers(201), wrong


# --- The access log --------------------------------------------------------------------------------------------------


def test_a_line_says_what_the_log_format_promises(running: Gateway) -> None:
    credentials = base64.b64encode(b"sato:secret").decode()
    headers = {"Authorization": f"Basic {credentials}", "X-Request-ID": "abc-1"}
    status, _, body = running.ask("wiki", "/status/404/line?token=secret#x", headers=headers)
    assert (status, body) == (200, b"hello\n") or status == 500
    running.ask("wiki", "/line?token=secret", headers=headers)
    line = running.line("/line")
    assert list(line) == (
        "timestamp level component message request_id duration_ms site method path status bytes client user"
        " upstream upstream_ms"
    ).split()
    assert line["message"] == "GET /line 200"
    assert (line["level"], line["component"], line["site"]) == ("INFO", "gateway", "wiki")
    assert (line["request_id"], line["user"], line["client"]) == ("abc-1", "sato", "127.0.0.1")
    assert [type(line[key]) for key in ("duration_ms", "status", "bytes", "upstream_ms")] == [int] * 4
    written = time.strptime(str(line["timestamp"])[:19], "%Y-%m-%dT%H:%M:%S")
    assert abs(time.mktime(written) - time.time()) < 30
    assert str(line["timestamp"])[19] == "."
    assert str(line["timestamp"])[23] in "+-"
    assert b"secret" not in (running.folder / "logs" / "access.log").read_bytes()


@pytest.mark.parametrize(("status", "level"), [(200, "INFO"), (302, "INFO"), (404, "WARN"), (500, "ERROR")])
def test_the_level_goes_by_the_status(running: Gateway, status: int, level: str) -> None:
    running.ask("wiki", f"/status/{status}")
    assert [line["level"] for line in running.lines() if line["path"] == f"/status/{status}"][-1] == level


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("/p1?code=secret", "/p1"),
        ("/p2;jsessionid=secret/x", "/p2"),
        ("/p3#access_token=secret", "/p3"),
        ("http://name:secret@wiki/p4?x", "/p4"),
        ('/p5"\\?secret', '/p5"\\'),
        ("/p6-" + "a" * 5000, "/p6-" + "a" * 2044),
    ],
)
def test_a_path_shows_no_secret(running: Gateway, asked: str, path: str) -> None:
    raw(running.ports["http"], f"GET {asked} HTTP/1.1\r\nHost: wiki\r\nConnection: close\r\n\r\n".encode())
    assert running.line(path)["site"] == "wiki"
    assert b"secret" not in (running.folder / "logs" / "access.log").read_bytes()


@pytest.mark.parametrize(
    ("header", "user"),
    [
        (b"Basic " + base64.b64encode(b"sato:x"), "sato"),
        (b"Basic " + base64.b64encode(b"ghp_token:x-oauth-basic"), "other"),
        (b"Basic " + base64.b64encode(b'\xff"\x00:x'), "other"),
        (b"Bearer sato", None),
    ],
)
def test_only_the_name_of_an_account_is_a_user(running: Gateway, header: bytes, user: str | None) -> None:
    path = f"/user/{abs(hash(header))}"
    head = f"GET {path} HTTP/1.1\r\nHost: wiki\r\nConnection: close\r\nAuthorization: ".encode()
    raw(running.ports["http"], head + header + b"\r\n\r\n")
    assert running.line(path).get("user") == user


def test_a_refusal_by_rate_says_so(running: Gateway) -> None:
    statuses = [running.ask("wiki", "/limited")[0] for _ in range(3)]
    assert 503 in statuses
    refused = [line for line in running.lines() if line["path"] == "/limited" and line["status"] == 503]
    assert {line["error"] for line in refused} == {"rate limit"}
    assert len(refused) == statuses.count(503)


def hostile(random_: random.Random) -> bytes:
    """A request whose every part is hostile: broken UTF-8, quotes, control characters, a line that is no request."""
    pieces = [b'"', b"\\", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f\x92\xa9", b"\xe3\x81\x82", b"\xc2\x85", b"a", b"%22"]

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


def test_every_line_is_json_whatever_clients_send(running: Gateway, debian_program: Find) -> None:
    random_ = random.Random(20260401)
    log = running.folder / "logs" / "access.log"
    before, size = series(running.metrics()), log.stat().st_size
    lines = len(running.lines())
    count = 3000
    for _ in range(count):
        raw(running.ports["http"], hostile(random_))
    wait("every line", lambda: log.read_bytes().count(b"\n") == lines + count)
    written = log.read_bytes()[size:]
    assert len([strict(line) for line in written.splitlines()]) == count
    read = subprocess.run(
        [debian_program("jq"), "-c", ".path"], input=written, capture_output=True, check=True, timeout=60
    )
    assert read.stdout.count(b"\n") == count
    assert not [byte for byte in written if byte < 0x20 and byte != 0x0A or byte == 0x7F]
    after = series(running.metrics())
    assert total(after, REQUESTS) - total(before, REQUESTS) == count + 1
    assert set(after) == set(before), "what clients send makes no series"


def test_any_bytes_become_a_json_string(running: Gateway) -> None:
    """By an oracle of its own: each byte that begins no UTF-8 sequence is U+FFFD."""
    random_ = random.Random(7)
    alphabet = [*b'a"\\\x00\x1f\x7f\x80\x85\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xed\xef\xf0\xf4\xf5\xff\x90\x8f\x9f', *range(256)]
    texts = [bytes(random_.choices(alphabet, k=random_.randrange(1, 12))) for _ in range(5000)]
    texts += [chr(code).encode() for code in (0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF)]
    body = b"\n".join(b"78" + text.hex().encode() for text in texts)
    status, _, answer = ask(running.ports["metrics"], "/escape", "POST", body=body)
    assert status == 200
    for text, line in zip(texts, answer.split(b"\n"), strict=False):
        assert json.loads(line.decode("utf-8", "strict")) == expected(text), text
        assert not [byte for byte in line if byte < 0x20], text


def expected(text: bytes) -> str:
    found, at = "", 0
    while at < len(text):
        for length in (1, 2, 3, 4):
            try:
                found += text[at : at + length].decode("utf-8", "strict")
            except UnicodeDecodeError:
                continue
            break
        else:
            found, length = found + "\ufffd", 1
        at += length
    return found


# --- /metrics --------------------------------------------------------------------------------------------------------


def test_every_series_that_is_named_is_there_and_no_other(running: Gateway, status_page: StatusPage) -> None:
    with gateway_with(status_page, running) as found:
        families = {line.split()[2] for line in found.splitlines() if line.startswith("# TYPE ")}
    assert families == {value for name, value in vars(names).items() if name.startswith("GATEWAY_")}
    assert {line.split()[2] for line in found.splitlines() if line.startswith("# HELP ")} == families

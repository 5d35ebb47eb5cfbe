"""The Gateway's Lua in a real nginx: what it counts, and what becomes of each attempt to have a request answered."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable

import pytest

from model import names
from tests.gateway import LUA, Gateway, by, series, total
from tests.native.conftest import Judge
from tests.nginx import raw, wait

Find = Callable[[str], str]
REQUESTS, DURATION = names.GATEWAY_REQUESTS, names.GATEWAY_DURATION


def test_luacheck_has_no_remark(debian_program: Find, judge: Judge) -> None:
    judge([debian_program("luacheck"), "--no-color", "--quiet", LUA])


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
    running.ask("wiki", path)
    after = series(running.metrics())

    def grown(name: str) -> list[str]:
        then, now = (by(found, name, "upstream") for found in (before, after))
        return [upstream for upstream in sorted(now) for _ in range(int(now[upstream] - then.get(upstream, 0)))]

    assert grown(names.GATEWAY_UPSTREAM_DURATION + "_count") == attempts
    assert grown(names.GATEWAY_UPSTREAM_ERRORS) == failed
    assert {name: total(after, names.GATEWAY_UPSTREAM_UP, upstream=name) for name in up} == up
    line = running.lines_for(path, 1)[0]
    assert line["upstream"] == attempts[-1]
    assert (error in str(line["error"])) if error else ("error" not in line)


def test_addresses_of_workloads_are_read_again_when_they_change(running: Gateway) -> None:
    def answers(status: int) -> bool:
        return running.ask("forgejo", "/status/201")[0] == status

    running.addresses({"forgejo": "127.0.0.1"})
    wait("the new address", lambda: answers(201), 3)
    assert total(series(running.metrics()), names.GATEWAY_UPSTREAM_UP, upstream="forgejo") == 1
    (running.folder / "upstreams.json").write_text('{"forgejo:3000": "127.0', encoding="utf-8")
    time.sleep(1.1)
    assert answers(201), "a half-written file costs what was known"
    running.addresses({"wiki": "127.0.0.1"})
    wait("the address to be gone", lambda: not answers(201), 3)
    found = series(running.metrics())
    assert total(found, names.GATEWAY_UPSTREAM_UP, upstream="forgejo") == 0
    assert total(found, names.GATEWAY_UPSTREAM_ERRORS, upstream="forgejo") >= 1
    assert "forgejo has no address" in [line.get("error") for line in running.lines()]
    port = running.ports["backend"]
    for wrong in ("[]", "evil.example:80", f"999.1.1.1:{port}", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:0", 7):
        content = wrong if wrong == "[]" else json.dumps({f"forgejo:{port}": wrong})
        (running.folder / "upstreams.json").write_text(content, encoding="utf-8")
        time.sleep(1.05)
        assert not answers(201), wrong

"""The access log of the Gateway in a real nginx: what a line says, and what it never shows."""

from __future__ import annotations

import base64
import json
import random
import subprocess
import time
from collections.abc import Callable

import pytest

from model import names
from tests.gateway import Gateway, hostile, series, strict, total
from tests.nginx import ask, raw, wait

Find = Callable[[str], str]
REQUESTS = names.GATEWAY_REQUESTS


def test_a_line_says_what_the_log_format_promises(running: Gateway) -> None:
    credentials = base64.b64encode(b"sato:secret").decode()
    headers = {"Authorization": f"Basic {credentials}", "X-Request-ID": "abc-1"}
    running.ask("wiki", "/let-in/line?token=secret", headers=headers)
    line = running.line("/let-in/line")
    words = "timestamp level message duration_ms site method path status user upstream upstream_ms bytes"
    assert list(line) == [*words.split(), "component", "request_id", "client"]
    assert line["message"] == "GET /let-in/line 200"
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
    assert running.lines_for(f"/status/{status}", 1)[0]["level"] == level


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("/p1?code=secret", "/p1"),
        ("/p2;jsessionid=secret/x", "/p2"),
        ("/p3#access_token=secret", "/p3"),
        ("http://wiki/p4?secret", "/p4"),
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
    path = f"/status/{abs(hash(header))}/401"
    head = f"GET {path} HTTP/1.1\r\nHost: wiki\r\nConnection: close\r\nAuthorization: ".encode()
    raw(running.ports["http"], head + header + b"\r\n\r\n")
    assert running.line(path).get("user") == user


@pytest.mark.parametrize(("status", "user"), [(200, None), (404, None), (401, "sato"), (403, "sato")])
def test_a_name_that_nobody_asked_for_is_shown_only_where_it_was_refused(
    running: Gateway, status: int, user: str | None
) -> None:
    path = f"/status/claimed/{status}"
    running.ask("wiki", path, headers={"Authorization": "Basic " + base64.b64encode(b"sato:x").decode()})
    assert running.line(path).get("user") == user


def test_who_was_let_in_is_shown_also_with_an_error_page(running: Gateway) -> None:
    """An internal redirect runs every `set` of the server once more."""
    running.ask("wiki", "/let-in/dead")
    line = running.line("/let-in/dead")
    assert (line["status"], line["user"]) == (502, "sato")


def test_a_refusal_by_rate_says_so(running: Gateway) -> None:
    statuses = [running.ask("wiki", "/limited")[0] for _ in range(3)]
    assert 503 in statuses
    refused = [line for line in running.lines_for("/limited", 3) if line["status"] == 503]
    assert {line["error"] for line in refused} == {"rate limit"}
    assert len(refused) == statuses.count(503)


def test_every_line_is_json_whatever_clients_send(running: Gateway, debian_program: Find) -> None:
    random_ = random.Random(20260401)  # noqa: S311
    log = running.folder / "logs" / "access.log"
    before, size = series(running.metrics()), log.stat().st_size
    count = 3000
    for _ in range(count):
        raw(running.ports["http"], hostile(random_))

    def written_of_sites() -> bytes:
        lines = log.read_bytes()[size:].splitlines(keepends=True)
        return b"".join(line for line in lines if b'"site":"metrics"' not in line)

    wait("every line", lambda: written_of_sites().count(b"\n") == count)
    written = written_of_sites()
    assert {strict(line)["component"] for line in written.splitlines()} == {"gateway"}
    read = subprocess.run(
        [debian_program("jq"), "-c", ".path"], input=written, capture_output=True, check=True, timeout=60
    )
    assert read.stdout.count(b"\n") == count
    assert not [byte for byte in written if (byte < 0x20 and byte != 0x0A) or byte == 0x7F]
    after = series(running.metrics())
    assert total(after, REQUESTS) - total(before, REQUESTS) == count + 1  # and the scrape
    assert set(after) == set(before), "what clients send makes no series"


def test_any_bytes_become_a_json_string(running: Gateway) -> None:
    """By an oracle of its own: each byte that begins no UTF-8 sequence is U+FFFD."""
    random_ = random.Random(7)  # noqa: S311
    alphabet = [
        *b'a"\\\x00\x1f\x7f\x80\x85\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xed\xef\xf0\xf4\xf5\xff\x90\x8f\x9f',
        *range(256),
    ]
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

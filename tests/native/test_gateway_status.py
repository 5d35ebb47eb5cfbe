"""The facts of Flatnet's own status page among the Gateway's series, and what it may do wrong."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from model import names
from tests.conftest import Programs
from tests.gateway import Gateway, by, series, total
from tests.native.flatnet_status import STATUS

REQUESTS = names.GATEWAY_REQUESTS
FACTS = {names.GATEWAY_CONTAINERS: 3, names.GATEWAY_SYNC_PEERS: 2, names.GATEWAY_P2P_PATHS: 1}


def ok(body: bytes) -> bytes:
    return b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + body


@contextmanager
def status_page(port: int, parts: list[bytes], pause: float = 0.0, *, stay: bool = False) -> Iterator[None]:
    """Something at the port of /api/status that sends `parts`, and then closes or stays."""
    ended = threading.Event()

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):  # closed at the end of the test
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):  # the Gateway may hang up first
                    connection.recv(65536)
                    for part in parts:
                        connection.sendall(part)
                        ended.wait(pause)
                    ended.wait(10 if stay else 0)

    with socket.create_server(("127.0.0.1", port)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_every_series_that_is_named_is_there_and_no_other(running: Gateway) -> None:
    with status_page(running.ports["status"], [ok(json.dumps(STATUS).encode())]):
        found = running.metrics()
    expected = {value for name, value in vars(names).items() if name.startswith("GATEWAY_")}
    for kind in ("TYPE", "HELP"):
        assert {line.split()[2] for line in found.splitlines() if line.startswith(f"# {kind} ")} == expected


def test_the_status_page_becomes_series(running: Gateway) -> None:
    with status_page(running.ports["status"], [ok(json.dumps(STATUS).encode())]):
        found = series(running.metrics())
    assert {name: found[name] for name in FACTS} == FACTS
    assert by(found, names.GATEWAY_ESCALATIONS, "state") == STATUS["escalation"]["states"]  # type: ignore[index]
    assert found[names.GATEWAY_STATUS_UP] == 1


def test_what_the_status_page_does_not_tell_costs_that_series_only(running: Gateway) -> None:
    page = {
        "registry": STATUS["registry"],
        "sync": {"peer_count": "two"},
        "routing": {"escalation": STATUS["escalation"]},
    }
    with status_page(running.ports["status"], [ok(json.dumps(page).encode())]):
        found = series(running.metrics())
    assert (found[names.GATEWAY_STATUS_UP], found[names.GATEWAY_CONTAINERS]) == (1, 3)
    assert by(found, names.GATEWAY_ESCALATIONS, "state") == STATUS["escalation"]["states"]  # type: ignore[index]
    assert names.GATEWAY_SYNC_PEERS not in found
    assert names.GATEWAY_P2P_PATHS not in found


BROKEN: dict[str, tuple[list[bytes], float, bool]] = {
    "an error": ([b"HTTP/1.0 500 Error\r\n\r\n" + json.dumps(STATUS).encode()], 0, False),
    "nothing": ([], 0, False),
    "no HTTP": ([b"\x00\xff" * 100], 0, False),
    "no JSON": ([ok(b'{"registry": {"count"')], 0, False),
    "no object": ([ok(b"[1, 2]")], 0, False),
    "another page": ([ok(b'{"status": "running"}')], 0, False),
    "hangs": ([], 0, True),
    "hangs in the middle": ([ok(b'{"registry"')], 0, True),
    "drips": ([b"HTTP/1.0 200 OK\r\n\r\n", *[b" "] * 200], 0.05, False),
    "without end": ([ok(b" "), *[b" " * 65536] * 64], 0, False),
    "a line without end": ([b"H" * 65536] * 64, 0, False),
}


@pytest.mark.parametrize("how", sorted(BROKEN))
def test_a_broken_status_page_costs_its_series_and_says_so(running: Gateway, how: str) -> None:
    parts, pause, stay = BROKEN[how]
    with status_page(running.ports["status"], parts, pause, stay=stay):
        started = time.monotonic()
        found = series(running.metrics())
        assert time.monotonic() - started < 2
    assert found[names.GATEWAY_STATUS_UP] == 0
    assert total(found, REQUESTS) > 0
    assert not [key for key in found if key.split("{")[0] in (*FACTS, names.GATEWAY_ESCALATIONS)]


def test_people_are_served_while_a_scrape_waits(running: Gateway) -> None:
    with status_page(running.ports["status"], [], stay=True):
        scrape = threading.Thread(target=running.metrics)
        scrape.start()
        time.sleep(0.05)
        started = time.monotonic()
        assert running.ask("wiki")[0] == 200
        assert time.monotonic() - started < 0.3
        scrape.join()


def test_promtool_has_no_remark(running: Gateway, program: Programs) -> None:
    with status_page(running.ports["status"], [ok(json.dumps(STATUS).encode())]):
        found = running.metrics()
    done = subprocess.run(
        [program("promtool"), "check", "metrics"], input=found, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

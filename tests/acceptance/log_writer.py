"""Writes numbered lines of several kinds at steady rates, where the real writers write them.

`python -m tests.acceptance.log_writer FACTS`: JSON with `seconds`, `rates` (lines a second by kind), `first` (the first
number) and `to` (paths by kind). Prints at its end how many lines of each kind there are. The forms are those of
`tests/recorded_lines.json`; lines of the journal go to journald's socket, with the fields that conmon gives them.
"""

from __future__ import annotations

import json
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

JOURNAL = "/run/systemd/journal/socket"
TURN = 0.05  # seconds between two bursts
SHORTER = 256  # datagrams that wait for journald at most, less than the kernel holds


def tag(number: int) -> str:
    """What finds a line again."""
    return f"line-of-a-test-{number}-"


def text_of(kind: str, number: int, now: datetime) -> str:
    """A line as the writer of its kind writes it."""
    stamp = now.isoformat(timespec="milliseconds")
    if kind == "gateway_access":
        facts = {"timestamp": stamp, "level": "INFO", "component": "gateway", "message": f"GET /sato/{tag(number)}"}
        more = {"request_id": f"{number:032x}", "duration_ms": 12, "error": None, "site": "forgejo", "method": "GET"}
        last = {"path": f"/sato/{tag(number)}", "status": 200, "bytes": 16384, "client": "192.168.10.40", "user": None}
        return json.dumps({**facts, **more, **last, "upstream": "forgejo:3000"})
    if kind == "gateway_error":
        failed = f"[error] 4720#4688: *{number} connect() failed (111: Connection refused) while connecting to upstream"
        asked = f'client: 192.168.10.40, server: git.example, request: "GET /{tag(number)} HTTP/1.1"'
        to = f'upstream: "http://10.87.1.5:3000/{tag(number)}", host: "git.example"'
        return f"{now:%Y/%m/%d %H:%M:%S} {failed}, {asked}, {to}"
    if kind == "cni":
        facts = {"timestamp": stamp, "level": "INFO", "component": "cni", "message": f"ADD success {tag(number)}"}
        return json.dumps({**facts, "command": "ADD", "container": f"{number:064x}", "duration_ms": 41})
    return f'level=info msg="the {kind} say {tag(number)}" request={number:032x} took=12ms'


def to_file(path: str) -> Callable[[str], None]:
    """Appends lines, each with one call, as nginx and the shim do."""
    file = Path(path).open("a", encoding="utf-8", buffering=1)  # noqa: SIM115 - open as long as the program

    def append(text: str) -> None:
        file.write(f"{text}\n")

    return append


def to_journal(fields: Mapping[str, str]) -> Callable[[str], None]:
    """Sends lines to journald, waiting where its queue is full."""
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.connect(JOURNAL)
    head = "".join(f"{key}={value}\n" for key, value in fields.items())

    def send(text: str) -> None:
        sender.sendall(f"{head}MESSAGE={text}\n".encode())

    return send


def container(name: str) -> dict[str, str]:
    """The fields that conmon gives a line of standard output."""
    identity = f"{name.encode().hex():0<64}"[:64]
    found = {"CONTAINER_ID_FULL": identity, "CONTAINER_ID": identity[:12], "CONTAINER_NAME": name}
    return {"PRIORITY": "6", "SYSLOG_IDENTIFIER": name, **found}


def sink(kind: str, to: Mapping[str, str]) -> Callable[[str], None]:
    """Where a kind is written; `containers:NAME` is a container."""
    if kind.startswith("containers"):
        return to_journal(container(kind.partition(":")[2] or "forgejo"))
    if kind == "system":
        return to_journal({"PRIORITY": "6", "SYSLOG_IDENTIFIER": "systemd"})
    return to_file(to[kind])


def main(facts: Mapping[str, object]) -> dict[str, int]:
    """Write; 0 lines a second means as fast as it goes. Returns the number of lines by kind."""
    rates, to, first = facts["rates"], facts["to"], facts["first"]
    assert isinstance(rates, dict)
    assert isinstance(to, dict)
    assert isinstance(first, int)
    zone = ZoneInfo(str(to["zone"]))
    sinks = {kind: sink(kind, to) for kind in rates}
    done = dict.fromkeys(rates, 0)
    begin = time.monotonic()
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    while not ended and (passed := time.monotonic() - begin) < float(str(facts["seconds"])):
        for kind, rate in rates.items():
            now = datetime.now(zone)
            due = int(passed * rate) if rate else done[kind] + 1000
            for number in range(first + done[kind], first + due):
                sinks[kind](text_of(kind.partition(":")[0], number, now))
            done[kind] = max(due, done[kind])
        if all(rates.values()):
            time.sleep(TURN)
    return done


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))), flush=True)

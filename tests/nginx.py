"""A real nginx in a scratch folder, on loopback."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

WAIT = 10.0  # seconds for a start, a reload or an end
# Before the words of a program that a test starts: it ends with the test run, however that ends.
ENDS_WITH_US = ("setpriv", "--pdeathsig", "TERM")


def free_ports(count: int) -> list[int]:
    """TCP ports on loopback that nothing uses now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [held.getsockname()[1] for held in sockets]
    for held in sockets:
        held.close()
    return ports


def wait(what: str, condition: object, seconds: float = WAIT) -> None:
    """Ask again and again whether `condition()` holds; fail when it does not in time."""
    assert callable(condition)
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited {seconds} s for {what}"
        time.sleep(0.02)


class Nginx:
    """`nginx.conf` of a folder, run as it would be on Windows: same `-p` and `-c` for the master and each signal."""

    def __init__(self, binary: str, folder: Path, port: int) -> None:
        """`port` is one that the configuration listens on, by which a start is noticed."""
        modules = "/usr/lib/nginx/modules"
        load = f"load_module {modules}/ndk_http_module.so; load_module {modules}/ngx_http_lua_module.so;"
        self.command = [*ENDS_WITH_US, binary, "-p", f"{folder}/", "-c", f"{folder}/nginx.conf", "-g", load]
        self.folder = folder
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Nginx:
        (self.folder / "logs").mkdir(exist_ok=True)
        self.process = subprocess.Popen(self.command, cwd=self.folder, stderr=subprocess.PIPE)
        wait("nginx to listen", self._listens)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGQUIT if kind is None else signal.SIGTERM)
        try:
            self.process.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            self.process.wait(WAIT)
        assert self.process.stderr is not None
        self.process.stderr.close()

    def _listens(self) -> bool:
        assert self.process is not None
        assert self.process.stderr is not None
        assert self.process.poll() is None, self.process.stderr.read().decode()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def workers(self) -> set[int]:
        """Process ids of the workers."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text("ascii")
        return {int(pid) for pid in children.split()}

    def reload(self) -> None:
        """Have the master read the configuration again, and wait until new workers alone are there."""
        before = self.workers()
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGHUP)
        wait("new workers", lambda: bool(self.workers()) and not self.workers() & before)


def ask(
    port: int, path: str, method: str = "GET", headers: dict[str, str] | None = None, body: bytes | None = None
) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection of its own. Returns status, headers (names in lower case) and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def raw(port: int, sent: bytes) -> bytes:
    """What comes back for these bytes on a connection of their own, until nginx closes it."""
    with socket.create_connection(("127.0.0.1", port), WAIT) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))

"""Doubles of what lies outside: an HTTPS server and a mail server that keep what they get, a line of JSON each.

Run as `python -m tests.acceptance.doubles FOLDER ADDRESS MAIL_PORT`; FOLDER holds `server.pem` (key and certificate).
"""

from __future__ import annotations

import json
import ssl
import sys
import threading
import time
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


def main(folder: Path, address: str, mail_port: int) -> None:
    """Serve until killed."""
    kept = (folder / "received.jsonl").open("a", encoding="utf-8")
    lock = threading.Lock()

    def keep(**message: Any) -> None:
        with lock:
            kept.write(json.dumps({"at": time.time(), **message}, ensure_ascii=False) + "\n")
            kept.flush()

    class Web(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            keep(to=self.headers["Host"], path=self.path, body=json.loads(body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Say nothing: what was received is kept."""

    class Mail:
        async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802
            message = message_from_bytes(envelope.content, policy=default)
            parts = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
            longest = max(map(len, envelope.content.splitlines()))
            plain = envelope.content.partition(b"\r\n\r\n")[0].isascii()
            keep(to=", ".join(envelope.rcpt_tos), subject=message["Subject"], body=parts, longest=longest, plain=plain)
            return "250 OK"

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem")
    web = ThreadingHTTPServer((address, 443), Web)
    web.socket = context.wrap_socket(web.socket, server_side=True)
    mail = Controller(
        Mail(),
        hostname=address,
        port=mail_port,
        tls_context=context,
        authenticator=lambda *_: AuthResult(success=True),
        auth_exclude_mechanism=["LOGIN"],  # Go's client and this server disagree on its prompts
        ready_timeout=60,  # a busy machine takes its time
    )
    mail.start()
    (folder / "ready").touch()
    web.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))

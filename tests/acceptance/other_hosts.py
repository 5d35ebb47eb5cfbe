"""Stands in for the hosts that do not run here: their metrics ingress, from the metric catalogue, and their sites.

`begin` gives them a network of their own, where `python -m tests.acceptance.other_hosts FILE` answers for all of them.
"""

from __future__ import annotations

import json
import ssl
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from metrics.catalogue import Exporter, of_job, read
from model.deployment import Deployment
from model.host import Host
from model.secrets import CA_KEY, secret_path
from tests.acceptance.scratch_host import OUTSIDE, ScratchHost
from tests.acceptance.stand_in import exposition
from tests.acceptance.stand_in_labels import labels
from tests.conftest import ROOT

SPECIFICATION = "/run/other-hosts.json"
PEM = "/run/other-hosts.pem"
# The CA of the environment's own, which the install page made, signs for their sites.
SIGN = """
cd /run
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out csr -subj "/CN=$1" 2>/dev/null
printf 'subjectAltName=%s\\n' "$2" >names
openssl x509 -req -in csr -CA "$3" -CAkey "$4" -days 60 -extfile names -out crt 2>/dev/null
cat crt key >"$5"
"""


def others(deployment: Deployment) -> list[Host]:
    """Every host but the one that runs the stack."""
    environment = deployment.environment
    return [host for _, host in sorted(environment.hosts.items()) if host != environment.monitoring_host]


def begin(scratch: ScratchHost, deployment: Deployment) -> None:
    """Have the other hosts answer, reached over the network of what is outside."""
    found = others(deployment)
    if not found:
        return
    environment = deployment.environment
    enter = ["ip", "netns", "exec", "outside"]
    for host in found:
        for address in (host.lan_address, host.nebula_address):
            scratch.run([*enter, "ip", "address", "add", f"{address}/32", "dev", "lo"])
            scratch.run(["ip", "route", "replace", str(address), "via", OUTSIDE])
    sites = [(host, site) for host in found for site in environment.sites_on(host)]
    lines = "".join(f"{host.lan_address} {site.server_name}\n" for host, site in sites)
    scratch.run(["sh", "-c", "cat >>/etc/hosts"], text=lines)
    alternative = ",".join(f"DNS:{site.server_name}" for _, site in sites)
    authority, key = secret_path(environment.security.certificate_authority), secret_path(CA_KEY)
    scratch.run(["sh", "-ec", SIGN, "sh", sites[0][1].server_name, alternative, authority, key, PEM])
    scratch.write(SPECIFICATION, json.dumps([_said(deployment, host) for host in found]))
    words = [*enter, sys.executable, "-m", "tests.acceptance.other_hosts", SPECIFICATION]
    scratch.start("other-hosts", words, environment={"PYTHONPATH": str(ROOT)})


def _said(deployment: Deployment, host: Host) -> dict[str, Any]:
    """What a host answers: the exporters of each path of its ingress, and the status of each path of its sites."""
    catalogue, environment = read(), deployment.environment
    paths: dict[str, Any] = {}
    for job in deployment.jobs:
        for target in job.targets:
            if target.host == host.name and target.by_ingress:
                exporters = of_job(catalogue, job.name)
                paths[target.path] = [[one.name, labels(one.name, deployment, host)] for one in exporters]
    return {
        "ingress": [str(host.nebula_address), environment.gateway.ports.metrics, paths],
        "sites": [str(host.lan_address), {site.probe.path: site.probe.status for site in environment.sites_on(host)}],
    }


def main(path: Path) -> None:
    """Answer for every host until killed."""
    catalogue, began = read(), time.monotonic()
    for host in json.loads(path.read_text(encoding="utf-8")):
        address, port, paths = host["ingress"]
        _serve(address, port, _metrics(catalogue, paths, began))
        address, statuses = host["sites"]
        _serve(address, 443, lambda asked, statuses=statuses: (statuses.get(asked, 404), ""), tls=True)  # type: ignore[misc]
        _serve(address, 80, lambda _: (301, ""))
    threading.Event().wait()


def _metrics(catalogue: dict[str, Exporter], paths: Any, began: float) -> Callable[[str], tuple[int, str]]:
    def answer(asked: str) -> tuple[int, str]:
        if asked not in paths:
            return 404, ""
        seconds = time.monotonic() - began
        return 200, "".join(exposition(catalogue[name], known, seconds) for name, known in paths[asked])

    return answer


def _serve(address: str, port: int, answer: Callable[[str], tuple[int, str]], *, tls: bool = False) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = answer(urlsplit(self.path).path)
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            if status == 301:
                self.send_header("Location", "https://here/")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((address, port), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(PEM)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

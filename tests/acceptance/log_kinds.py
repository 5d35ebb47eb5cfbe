"""The real writers of each kind of log, each with one line that has a word of its own in it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from model.names import LogKind
from tests.acceptance.cni_side import identity
from tests.acceptance.gateway_logs import GIT, GatewayLogs

CONTAINER = "forgejo"
SHIM, PLUGIN = "/opt/cni/bin/flatnet-observed", "/opt/cni/bin/flatnet"
# Podman, with a storage of its own: an image out of one program.
PODMAN = (
    "podman --root=/var/pod --runroot=/run/pod --storage-driver=vfs --runtime=runc --cgroup-manager=cgroupfs {words}"
)
IMAGE = """
mkdir -p /image /var/pod /run/netns
mount -t tmpfs none /var/pod
cp /bin/busybox /image
printf 'FROM scratch\\nCOPY busybox /busybox\\n' >/image/Containerfile
"""
RUN = "run --rm --network=none --log-driver=journald --ulimit=nofile=1024:1024 --ulimit=nproc=1024:1024"
NO_ADDRESS = '{"cniVersion":"1.0.0","code":102,"msg":"no free address: word-of-the-cni","details":null}'


@dataclass(frozen=True)
class Line:
    """A line, and where the dashboard is to find it."""

    kind: LogKind
    level: str
    word: str
    container: str | None = None


def prepare(host: GatewayLogs) -> None:
    """What the writers need: Podman's image, the CNI shim as rendered, and a plugin that finds no address."""
    host.scratch.run(["sh", "-ec", IMAGE + PODMAN.format(words="build --quiet --tag probe /image")], timeout=90)
    host.rotate(1, 0)  # the task that gives nginx' files their names for the collector
    host.scratch.run(["mkdir", "-p", "/opt/cni/bin", "/var/lib/flatnet-ops/cni"])
    host.scratch.run(["install", "-m", "755", f"{host.rendered}{SHIM}", SHIM])
    host.scratch.run(["install", "-m", "644", f"{host.rendered}/etc/flatnet-ops/cni.json", "/etc/flatnet-ops/cni.json"])
    host.scratch.write(PLUGIN, f"#!/bin/sh\necho '{NO_ADDRESS}'\nexit 1\n", mode=0o755)


def write(host: GatewayLogs) -> Iterator[Line]:
    """Have each writer write."""
    _container(host)
    yield Line("containers", "WARN", "word-of-a-container", CONTAINER)
    called = ["env", "CNI_COMMAND=ADD", f"CNI_CONTAINERID={identity('one')}", "CNI_IFNAME=eth0", SHIM]
    assert host.scratch.run(called, check=False).returncode == 1
    yield Line("cni", "ERROR", "word-of-the-cni")
    host.scratch.run(["systemd-cat", "--priority=warning", "--identifier=kernel", "echo", "word-of-the-system"])
    yield Line("system", "WARN", "word-of-the-system")
    _ask(host, "/sato/word-of-a-visitor")
    yield Line("gateway_access", "INFO", "word-of-a-visitor")
    host.stop("behind")
    _ask(host, "/sato/word-of-a-fault")
    yield Line("gateway_error", "ERROR", "word-of-a-fault")
    yield Line("gateway_access", "ERROR", "word-of-a-fault")


def _container(host: GatewayLogs) -> None:
    said = shlex.quote("echo level=warn msg=word-of-a-container")
    words = f"{RUN} --security-opt=seccomp=unconfined --name={CONTAINER} probe /busybox sh -c {said}"
    host.scratch.run(["sh", "-ec", PODMAN.format(words=words)], timeout=90)


def _ask(host: GatewayLogs, path: str) -> None:
    connect = ["--connect-to", f"{GIT}:443:{host.lan}:443"]
    host.scratch.run(["curl", "-sk", "-o", "/dev/null", *connect, f"https://{GIT}{path}"])

"""CNI of a running stack: the real shim, collector and endpoint, around a stand-in for Flatnet's plugin and for Podman.

Containers get their addresses, one is refused, one leaves. Then the plugin loses its mode, and every container that
starts from then on fails: the fault of which the stack tells people in the live run.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping

from model.cni import NETWORK
from tests.acceptance.scratch_host import ScratchHost
from tests.generators.cni_host import allocations, listed

PLUGIN = "/opt/cni/bin/flatnet"
SHIM = "/opt/cni/bin/flatnet-observed"
ALLOCATIONS = "/var/lib/flatnet/ipam/allocations.json"
CONTAINERS = "/run/cni-containers.json"  # what Podman knows of
ADDRESSES = "/run/cni-addresses.json"
# Gives each container the address that the test says, and keeps Flatnet's file of them.
STAND_IN = """\
#!/usr/bin/python3
import json, os, re, sys
command, one = os.environ["CNI_COMMAND"], os.environ["CNI_CONTAINERID"]
name = re.search("K8S_POD_NAME=([^;]+)", os.environ["CNI_ARGS"])[1]
with open("@ADDRESSES@") as file:
    address = json.load(file).get(name)
with open("@ALLOCATIONS@") as file:
    found = json.load(file)
if not address:
    print(json.dumps({"cniVersion": "1.0.0", "code": 102, "msg": "no available IP addresses in range"}))
    sys.exit(1)
if command == "ADD":
    found["allocations"][one] = address
    print(json.dumps({"cniVersion": "1.0.0", "ips": [{"address": address + "/24"}]}))
    @REGISTRATION@
elif command == "DEL":
    found["allocations"].pop(one, None)
with open("@ALLOCATIONS@.new", "w") as file:
    json.dump(found, file)
os.rename("@ALLOCATIONS@.new", "@ALLOCATIONS@")
"""
UNREGISTERED = 'print("registration failed: connection refused", file=sys.stderr)'
# What the timers do, the one of the addresses each minute; and a container that starts again and again.
TURNS = """
turn=0
while sleep {seconds}; do
    {restart} >/dev/null
    /usr/local/lib/flatnet-ops/cni-collector
    [ $((turn * {seconds} % 60)) -ne 0 ] || /usr/local/lib/flatnet-ops/upstreams
    turn=$((turn + 1))
done
"""


def begin(scratch: ScratchHost, addresses: Mapping[str, str], *, well: bool) -> None:
    """Have containers with these addresses, by name, and collect what became of them; one is refused if not well."""
    known = {**addresses, "passing": str(max(addresses.values(), default="10.87.1.200"))}
    scratch.write(ADDRESSES, json.dumps(known))
    scratch.write(ALLOCATIONS, allocations({}))
    text = STAND_IN.replace("@ADDRESSES@", ADDRESSES).replace("@ALLOCATIONS@", ALLOCATIONS)
    text = text.replace("@REGISTRATION@", "pass" if well else UNREGISTERED)
    scratch.write(PLUGIN, text, mode=0o755)
    said = listed(*((identity(name), name) for name in addresses), network=NETWORK)
    scratch.write(CONTAINERS, said)
    scratch.write("/usr/local/bin/podman", f"#!/bin/sh\nexec cat {CONTAINERS}\n", mode=0o755)
    for command, name in (
        *(("ADD", name) for name in addresses),
        *(("CHECK", name) for name in addresses),
        ("ADD", "passing"),
        ("DEL", "passing"),
        *((command, "unlucky") for command in ("ADD", "CHECK", "DEL") if not well),
    ):
        scratch.run(["sh", "-c", _call(command, name)])
    for script in ("cni-collector", "upstreams"):
        scratch.run([f"/usr/local/lib/flatnet-ops/{script}"])


def go_on(scratch: ScratchHost, seconds: int, *, well: bool) -> None:
    """Go on collecting, each so many seconds; if not well, break the plugin, and go on starting a container."""
    if not well:
        scratch.run(["chmod", "-x", PLUGIN])
    turns = TURNS.format(seconds=seconds, restart=":" if well else _call("ADD", "passing"))
    scratch.start("cni", ["sh", "-c", turns])


def identity(name: str) -> str:
    """The id of a container."""
    return hashlib.sha256(name.encode()).hexdigest()


def _call(command: str, name: str) -> str:
    """The shim as Podman calls it; what it answers is nobody's concern here."""
    settings = {
        "CNI_COMMAND": command,
        "CNI_CONTAINERID": identity(name),
        "CNI_NETNS": "/run/netns/one",
        "CNI_IFNAME": "eth0",
        "CNI_ARGS": f"IgnoreUnknown=1;K8S_POD_NAMESPACE={name};K8S_POD_NAME={name}",
        "CNI_PATH": "/opt/cni/bin",
    }
    return f"{shlex.join(['env', *(f'{key}={value}' for key, value in settings.items()), SHIM])} </dev/null || true"

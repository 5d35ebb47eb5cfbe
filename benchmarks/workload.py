"""W(N): environments with N hosts in all, made from `multi-host` by giving it more hosts.

An environment has at most 254 hosts, because a host-id is part of an address; a thousand hosts are four environments.
"""

from __future__ import annotations

import copy
from pathlib import Path

from model.faults import Origin
from model.layers import Layered, read_environment
from model.source import Node

LARGEST = 250  # hosts of one environment


def environments(folder: Path, count: int) -> list[Layered]:
    """Merged trees of environments that have `count` hosts together."""
    base = read_environment(folder, "multi-host")
    return [
        Layered(f"site-{index}", _with_hosts(base.tree, min(LARGEST, count - start)), abstract=False)
        for index, start in enumerate(range(0, count, LARGEST), start=1)
    ]


def _with_hosts(tree: Node, count: int) -> Node:
    changed = copy.deepcopy(tree)
    assert isinstance(changed.value, dict)
    hosts = changed.value["hosts"].value
    assert isinstance(hosts, dict)
    like = hosts["osaka-2"]
    for number in range(4, count + 1):
        hosts[f"osaka-{number}"] = _host(like, number)
    return changed


def _host(like: Node, number: int) -> Node:
    host = copy.deepcopy(like)
    assert isinstance(host.value, dict)
    values: dict[str, int | str] = {
        "id": number,
        "lan_address": f"192.168.21.{number}",
        "nebula_address": f"10.42.0.{number}",
    }
    for key, value in values.items():
        host.value[key] = Node(Origin(Path("workload")), value)
    return host

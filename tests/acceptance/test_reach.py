"""Nothing is accepted and ignored: whatever an environment says, or could say, changes a file that is rendered.

Every leaf is given another valid value, as `flatnet-ops explain` does it, and the generators are asked again. What
differs from that stands in the tables below, with the reason; an entry that is not needed is a failure too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import pytest

from cli.places import leaves, schema_at
from cli.reach import changed_tree, valid
from generators.registry import GENERATORS
from model.bilingual import LANGUAGES
from model.catalogue import CatalogueFile
from model.deployment import Deployment
from model.faults import FaultsError
from model.layers import Layered, read_environment
from model.loader import deploy
from tests.conftest import ROOT

pytestmark = pytest.mark.acceptance

NAMES = ("multi-host", "production")
TRIES = 4  # other values, each of which may happen to mean the same

IGNORED = {
    ("*", "extends"): "says where values come from, and is none itself",
    ("*", "abstract"): "an abstract environment renders nothing",
    ("production", "gateway.ingress_token"): "other hosts push logs with it, and there are none",
    ("production", "objectives.*.sites"): "there is one site: it alone is the same as all",
}
"""Leaves that reach nothing, although they can have another value."""

ONLY_VALUE = {
    "logs.backend": "no other one is supported yet",
    "monitoring.profile": "no other one is supported yet",
    "retention.logs.containers.rotate": "Podman rotates by size and in no other way",
}
"""Places that can have one value alone, in whatever environment."""

FOR_PEOPLE = {
    "description": "says what the environment is",
    "hosts.*.windows.vhdx_drive": "people install WSL there",
    "hosts.*.wsl.disk": "a budget: rules compare it",
    "monitoring.*.disk": "a budget: rules compare it",
    "monitoring.*_version": "people install these programs",
    "retention.logs.*.per_day": "a budget: rules compare it",
    "retention.reports": "nothing writes reports yet",
    "time.holidays.*": "the name of a day",
    "workloads.*.ports": "a site leads to a port; the page of ports shows the others",
    "workloads.*.volumes.*.disk": "a budget: rules compare it",
    "workloads.*.volumes.*.reason": "says why",
}
"""Places that the handbook alone shows."""


@dataclass(frozen=True)
class Together:
    """A value that goes with others: `beside` holds their paths. None removes a key."""

    environment: str
    path: str
    value: Any
    beside: Mapping[str, Any] = field(default_factory=dict)


SFTP = {"host": "nas.example.co.jp", "user": "flatnet", "path": "/backup/flatnet"}
S3 = {"endpoint": "s3.example.co.jp", "bucket": "flatnet"}
CODE = {
    "server_name": "code.flatnet.example.co.jp",
    "upstream": {"workload": "forgejo", "port": 3000},
    "networks": ["office"],
}
TOGETHER = (
    Together("multi-host", "hosts.osaka-3.roles", ["gateway"], {"workloads.builds.host": "osaka-2"}),
    Together("multi-host", "gateway.sites.wiki.upstream.port", 3001, {"workloads.wiki.ports": [3000, 3001]}),
    Together(
        "multi-host",
        "workloads.builds.volumes.builds-cache.backup",
        True,
        {"workloads.builds.volumes.builds-cache.reason": None},
    ),
    Together(
        "multi-host", "notifications.dead_mans_switch.far_end", "windows", {"notifications.dead_mans_switch.url": None}
    ),
    Together("multi-host", "objectives.errors.window", "30d", {"retention.metrics.keep": "30d"}),
    Together("multi-host", "backups.repository.s3", S3, {"backups.repository.sftp": None}),
    Together("production", "workloads.forgejo.metrics.site", "code", {"gateway.sites.code": CODE}),
    Together("production", "backups.repository.sftp", SFTP, {"backups.repository.path": None}),
    Together(
        "production",
        "remote_access",
        {"networks": ["vpn"]},
        {"security.networks.vpn": ["10.8.0.0/24"], "gateway.sites.forgejo.networks": ["office", "vpn"]},
    ),
)
"""Places whose other values all need something else to change too."""


@pytest.fixture(scope="module")
def layers() -> dict[str, Layered]:
    return {name: read_environment(ROOT / "environments", name) for name in NAMES}


def place(path: str) -> str:
    """A path in which names of things are `*`, so that leaves of one kind are one place."""
    parts = path.split(".")
    holders = ((schema_at(tuple(parts[:depth])) or {}).get("properties", {}) for depth in range(len(parts)))
    return ".".join(part if part in holder else "*" for part, holder in zip(parts, holders, strict=True))


def fits(pattern: str, text: str) -> bool:
    """Whether a place is that of the pattern, whose `*` stands for one part or for the beginning of one."""
    wanted, parts = pattern.split("."), text.split(".")
    return len(wanted) == len(parts) and all(
        part == want or (want.startswith("*") and part.endswith(want[1:]))
        for want, part in zip(wanted, parts, strict=True)
    )


HANDBOOK = {f"handbook-{language}" for language in LANGUAGES}


class Renders:
    """What the generators make of a deployment, compared with another one, the handbook last."""

    def __init__(self, deployment: Deployment) -> None:
        self.order = sorted(GENERATORS, key=HANDBOOK.__contains__)
        self.before = {name: files(deployment, name) for name in self.order}

    def reached(self, changed: Deployment) -> str | None:
        """A generator that renders something else; neighbours in the description often reach the same one."""
        found = next((name for name in self.order if files(changed, name) != self.before[name]), None)
        if found is not None and found not in HANDBOOK:
            self.order.remove(found)
            self.order.insert(0, found)
        return found


def files(deployment: Deployment, generator: str) -> dict[str, bytes]:
    return {file.tree_path: file.data for file in GENERATORS[generator](deployment)}


def deployed(layered: Layered, catalogue: tuple[CatalogueFile, ...]) -> Deployment:
    deployment = deploy(layered, catalogue)
    assert deployment is not None
    return deployment


def outcomes(layered: Layered, catalogue: tuple[CatalogueFile, ...]) -> Iterator[tuple[str, str, str]]:
    """Path, place and outcome of each leaf: a generator, `nothing`, or `no other value`."""
    deployment = deployed(layered, catalogue)
    renders = Renders(deployment)
    values = deployment.environment.model_dump(mode="json", exclude_none=True)
    for path, value in leaves(values, (), schema_at(()) or {}):
        outcome = "no other value"
        for _, changed in islice(valid(layered, catalogue, deployment, path, value), TRIES):
            outcome = renders.reached(changed) or "nothing"
            if outcome != "nothing":
                break
        yield ".".join(path), place(".".join(path)), outcome


def test_every_value_shows_in_a_file(layers: dict[str, Layered], catalogue: tuple[CatalogueFile, ...]) -> None:
    found: defaultdict[str, set[str]] = defaultdict(set)
    ignored = set()
    for name in NAMES:
        for path, where, outcome in outcomes(layers[name], catalogue):
            found[where].add(outcome)
            if outcome == "nothing":
                ignored.add((name, path, where))
    justified = {
        leaf: {(name, what) for name, what in IGNORED if name in ("*", leaf[0]) and fits(what, leaf[2])}
        for leaf in ignored
    }
    assert {leaf for leaf, reasons in justified.items() if not reasons} == set(), "accepted and ignored"
    assert set().union(*justified.values()) == set(IGNORED), "an exception that is none"

    together = {place(one.path) for one in TOGETHER}
    alone = {where for where, seen in found.items() if seen == {"no other value"}}
    assert alone - together == set(ONLY_VALUE), "a value that nobody can choose"
    assert together <= alone, "a value that goes without the others"

    people = {where for where, seen in found.items() if seen & HANDBOOK and not seen & (GENERATORS.keys() - HANDBOOK)}
    assert {where for where in people if not any(fits(what, where) for what in FOR_PEOPLE)} == set(), (
        "people alone read"
    )
    assert {what for what in FOR_PEOPLE if not any(fits(what, where) for where in people)} == set()


@pytest.mark.parametrize("one", TOGETHER, ids=lambda one: one.path)
def test_a_value_that_goes_with_others_shows_too(
    one: Together, layers: dict[str, Layered], catalogue: tuple[CatalogueFile, ...]
) -> None:
    layered = layers[one.environment]
    for path, value in one.beside.items():
        layered = changed_tree(layered, tuple(path.split(".")), value)
    both = deployed(changed_tree(layered, tuple(one.path.split(".")), one.value), catalogue)
    try:
        before = deployed(layered, catalogue)  # what goes beside it, without it
    except FaultsError:
        before = deployed(layers[one.environment], catalogue)
    assert Renders(before).reached(both) is not None

"""Who gets through: every door of every host's Gateway, from every kind of address, against the model's table.

The table is what nginx was rendered from, so a second, short list, written by hand, guards the table itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from itertools import product

import pytest

from model.access import Door, doors
from model.deployment import Deployment
from model.environment import Environment
from model.host import Host
from tests.acceptance.gateway import Answer, Ask, RunningGateway
from tests.acceptance.gateway_tree import FORMER, TOKEN, lay_out, password

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces are made by root"),
]
HOSTS = ["production/tokyo-1", "multi-host/osaka-1", "multi-host/osaka-2", "multi-host/osaka-3"]
STRANGER = "203.0.113.9"
LOOPBACK = "127.0.0.1"


def people(environment: Environment, host: Host) -> dict[str, str]:
    """An address of each kind: one in each network, each other host, WSL of this host, somebody from nowhere."""
    found = {name: str(ranges[0].broadcast_address - 1) for name, ranges in environment.security.networks.items()}
    for name, other in environment.hosts.items():
        if other != host:
            found[f"{name} (LAN)"] = str(other.lan_address)
            found[f"{name} (Nebula)"] = str(other.nebula_address)
    if host.wsl.networking == "nat":
        found["WSL"] = str(host.wsl.range.network_address + 0x41007)
    return {**found, "stranger": STRANGER}


@pytest.fixture(scope="module", params=HOSTS)
def gateway(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    production: Deployment,
    multi_host: Deployment,
    debian_program: Callable[[str], str],
) -> Iterator[RunningGateway]:
    name, host_name = request.param.split("/")
    deployment = production if name == "production" else multi_host
    host = deployment.environment.hosts[host_name]
    tree = lay_out(tmp_path_factory.mktemp(host_name), deployment, host)
    outside = sorted(set(people(deployment.environment, host).values()))
    with RunningGateway(tree, debian_program("nginx"), outside) as running:
        yield running


@dataclass(frozen=True)
class Shown:
    """What a client shows: a name and password, a token, or nothing. `account` where the password is right."""

    basic: tuple[str, str] | None = None
    bearer: str | None = None
    account: str | None = None
    token: bool = False


def everything_shown(environment: Environment) -> list[Shown]:
    accounts = [*environment.security.accounts, FORMER]
    return [
        Shown(),
        *(Shown(basic=(name, password(name)), account=name) for name in accounts),
        Shown(basic=(accounts[0], "wrong")),
        Shown(basic=("nobody", "wrong")),
        Shown(bearer=TOKEN, token=True),
        Shown(bearer=TOKEN + "x"),
        Shown(bearer=TOKEN[:-1]),
    ]


def asked(gateway: RunningGateway, door: Door, source: str, shown: Shown) -> Ask:
    ports = gateway.environment.gateway.ports
    port = {"http": ports.http, "https": ports.https, "metrics": ports.metrics}[door.listener]
    return Ask(
        source,
        door.path,
        name=door.server_name,
        port=port,
        account=shown.basic,
        bearer=shown.bearer,
        method=door.methods[0] if door.methods else "GET",
        plain=door.listener == "http",
    )


def welcome(door: Door) -> set[int]:
    """What answers whoever is let in."""
    if door.listener == "http" and not door.exact:
        return {308}
    if door.path == "/heartbeat":
        return {200, 204} if "POST" in door.methods else {200, 404}
    return {200}


def test_every_door_answers_as_the_table_says(gateway: RunningGateway) -> None:
    table = doors(gateway.environment, gateway.host)
    who = people(gateway.environment, gateway.host)
    cases = list(product(table, who.values(), everything_shown(gateway.environment)))
    cases.sort(key=lambda case: case[0].name)
    answers = _slowly(gateway, cases)
    wrong = []
    outcomes: set[int | None] = set()
    for (door, source, shown), answer in zip(cases, answers, strict=True):
        refused = door.refuses(IPv4Address(source), shown.account, token=shown.token)
        outcomes.add(refused)
        if answer.status not in (welcome(door) if refused is None else {refused}):
            said = f"{answer.status} {answer.refused or ''}, the table says {refused or 'let in'}"
            wrong.append(f"{door.name} {door.path} {door.methods} from {source} with {shown}: {said}")
    assert wrong == []
    assert {None, 403} <= outcomes


def _slowly(gateway: RunningGateway, cases: list[tuple[Door, str, Shown]]) -> list[Answer]:
    """A rate limit is another test's: its site is asked one by one, each time from an address that has rested."""
    limited = {site.name for site in gateway.sites() if site.rate_limit}
    asks = [asked(gateway, *case) for case in cases]
    quick = [ask for ask, case in zip(asks, cases, strict=True) if case[0].name not in limited]
    slow = [ask for ask, case in zip(asks, cases, strict=True) if case[0].name in limited]
    answers = dict(zip(quick, gateway.ask(quick), strict=True))
    answers |= dict(zip(slow, gateway.ask(slow, at_once=1), strict=True))
    return [answers[ask] for ask in asks]


def test_this_host_itself_answers_as_the_table_says(gateway: RunningGateway) -> None:
    table = [door for door in doors(gateway.environment, gateway.host) if door.listener == "metrics"]
    answers = gateway.ask([asked(gateway, door, LOOPBACK, Shown()) for door in table], inside=True)
    for door, answer in zip(table, answers, strict=True):
        refused = door.refuses(IPv4Address(LOOPBACK))
        assert answer.status in (welcome(door) if refused is None else {refused}), door


# Written by hand: host, from, path, name (None: the ingress), account or the token, status.
FACTS: list[tuple[str, str, str, str | None, str | None, int]] = [
    ("tokyo-1", "192.168.10.77", "/", "git.flatnet.example.co.jp", None, 200),
    ("tokyo-1", STRANGER, "/", "git.flatnet.example.co.jp", None, 403),
    ("tokyo-1", "172.20.16.7", "/", "git.flatnet.example.co.jp", None, 200),
    ("tokyo-1", "192.168.10.77", "/grafana/", "ops.flatnet.example.co.jp", None, 401),
    ("tokyo-1", "192.168.10.77", "/grafana/", "ops.flatnet.example.co.jp", "sato", 200),
    ("tokyo-1", "192.168.10.77", "/grafana/", "ops.flatnet.example.co.jp", FORMER, 403),
    ("tokyo-1", "172.20.16.7", "/grafana/", "ops.flatnet.example.co.jp", "sato", 403),
    ("tokyo-1", STRANGER, "/grafana/", "ops.flatnet.example.co.jp", "sato", 403),
    ("tokyo-1", "172.20.16.7", "/metrics", None, None, 200),
    ("tokyo-1", "192.168.10.77", "/metrics", None, None, 403),
    ("tokyo-1", "192.168.10.33", "/windows/metrics", None, None, 403),
    ("tokyo-1", "172.20.16.7", "/node/metrics", None, None, 403),
    ("osaka-1", "192.168.20.77", "/", "git.osaka.example.co.jp", None, 200),
    ("osaka-1", "10.8.0.7", "/", "git.osaka.example.co.jp", None, 401),
    ("osaka-1", "10.8.0.7", "/", "git.osaka.example.co.jp", "kobayashi", 200),
    ("osaka-1", "10.8.0.7", "/", "git.osaka.example.co.jp", FORMER, 403),
    ("osaka-1", "10.42.0.2", "/loki/api/v1/push", None, None, 401),
    ("osaka-1", "10.42.0.2", "/metrics", None, None, 403),
    ("osaka-1", "192.168.20.77", "/loki/api/v1/push", None, None, 403),
    ("osaka-2", "192.168.20.77", "/", "wiki.osaka.example.co.jp", None, 401),
    ("osaka-2", "192.168.20.77", "/", "wiki.osaka.example.co.jp", "tanaka", 200),
    ("osaka-2", "10.8.0.7", "/", "wiki.osaka.example.co.jp", "tanaka", 403),
    ("osaka-2", "10.42.0.1", "/node/metrics", None, None, 401),
    ("osaka-2", "10.42.0.1", "/node/metrics", None, "token", 200),
    ("osaka-2", "10.42.0.3", "/node/metrics", None, "token", 403),
    ("osaka-2", "10.42.0.3", "/node/metrics", None, None, 403),
    ("osaka-2", "10.42.0.1", "/loki/api/v1/push", None, None, 403),
    ("osaka-3", "192.168.20.77", "/", "builds.osaka.example.co.jp", None, 200),
    ("osaka-3", "10.8.0.7", "/", "builds.osaka.example.co.jp", None, 403),
]


def test_the_most_important_facts_hold(gateway: RunningGateway) -> None:
    here = [fact for fact in FACTS if fact[0] == gateway.host.name]
    assert here
    for _, source, path, name, account, status in here:
        shown = (account, password(account)) if account and account != "token" else None
        bearer = TOKEN if account == "token" else None
        port = gateway.environment.gateway.ports.https if name else gateway.environment.gateway.ports.metrics
        gateway.add_outside(source)
        (answer,) = gateway.ask([Ask(source, path, name, port, account=shown, bearer=bearer)])
        assert answer.status == status, (source, path, name, account)


def test_no_error_was_logged(gateway: RunningGateway) -> None:
    """Refusals are told; a fault of the Lua or of a file is not among them."""
    lines = [line for line in gateway.error_log().splitlines() if "lua" in line.lower() or "open()" in line]
    assert lines == []

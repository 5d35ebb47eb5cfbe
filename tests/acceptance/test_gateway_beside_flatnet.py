"""What Flatnet's own nginx.conf may say for everybody changes nothing in our servers; HTTP/2 takes a bounded share."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator

import pytest

from model.deployment import Deployment
from model.gateway import HTTP2_STREAMS
from tests.acceptance.gateway import Ask, RunningGateway
from tests.acceptance.gateway_tree import lay_out, password

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces are made by root"),
]
OFFICE, STRANGER = "192.168.20.77", "203.0.113.5"
GIT, OPS = "git.osaka.example.co.jp", "ops.osaka.example.co.jp"
TANAKA = ("tanaka", password("tanaka"))
OTHERWISE = """
    sendfile on;
    keepalive_timeout 0;
    gzip on;
    gzip_types *;
    gzip_proxied any;
    gzip_min_length 1;
    satisfy any;
    underscores_in_headers on;
    ignore_invalid_headers off;
    merge_slashes off;
    http2_max_concurrent_streams 500;
"""


@pytest.fixture(scope="module")
def gateway(
    tmp_path_factory: pytest.TempPathFactory, multi_host: Deployment, debian_program: Callable[[str], str]
) -> Iterator[RunningGateway]:
    tree = lay_out(tmp_path_factory.mktemp("beside"), multi_host, multi_host.environment.hosts["osaka-1"])
    whole = tree.folder / "nginx.conf"
    before = whole.read_text(encoding="utf-8")
    text, times = re.subn(r"    sendfile off;\n    keepalive_timeout 65s;\n", OTHERWISE, before)
    assert times == 1
    whole.write_text(text, encoding="utf-8")
    with RunningGateway(tree, debian_program("nginx"), [OFFICE, STRANGER]) as running:
        yield running


def test_a_door_asks_for_address_and_password(gateway: RunningGateway) -> None:
    asks = [Ask(STRANGER, "/grafana/", name=OPS, account=TANAKA), Ask(OFFICE, "/grafana/", name=OPS)]
    assert [answer.status for answer in gateway.ask(asks)] == [403, 401]


def test_a_header_that_looks_like_ours_is_dropped(gateway: RunningGateway) -> None:
    forged = ("X_WEBAUTH_USER: tanaka", "X-WEBAUTH-USER: tanaka", "X.WEBAUTH.USER: tanaka")
    (answer,) = gateway.ask([Ask(OFFICE, name=GIT, headers=forged)])
    assert not [name for name, _ in answer.echo["headers"] if "webauth" in name.lower()]


def test_nothing_is_compressed_on_the_way(gateway: RunningGateway) -> None:
    ports = gateway.environment.gateway.ports
    asked = ("Accept-Encoding: gzip",)
    (page,) = gateway.ask([Ask(OFFICE, name=GIT, headers=asked)])
    (metrics,) = gateway.ask([Ask("127.0.0.1", "/metrics", port=ports.metrics, headers=asked)], inside=True)
    assert (page.status, page.all("content-encoding")) == (200, [])
    assert (metrics.status, metrics.all("content-encoding")) == (200, [])


def test_slashes_lead_to_the_same_door(gateway: RunningGateway) -> None:
    (answer,) = gateway.ask([Ask(OFFICE, "//grafana//", name=OPS)])
    assert answer.status == 401


def test_a_browser_gets_so_many_streams(gateway: RunningGateway, debian_program: Callable[[str], str]) -> None:
    words = [debian_program("nghttp"), "--null-out", "--verbose", "--no-verify-peer", f"https://{gateway.lan}/"]
    said = gateway.run([*words, "--header", f":authority: {GIT}"], outside=True).stdout
    received = said.split("recv SETTINGS", 1)[1].split(" frame <", 2)[1]
    assert re.findall(r"MAX_CONCURRENT_STREAMS\(0x03\):(\d+)", received) == [str(HTTP2_STREAMS)]

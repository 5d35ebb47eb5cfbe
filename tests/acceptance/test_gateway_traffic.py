"""What passes the Gateway, and what of it reaches the workload: forged headers, smuggled requests, limits, failures."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator

import pytest

from model.deployment import Deployment
from tests.acceptance.gateway import Answer, Ask, RunningGateway
from tests.acceptance.gateway_tree import FORMER, TOKEN, lay_out, password
from tests.nginx import wait

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces are made by root"),
]
OFFICE, OFFICE_2, OSAKA_1, OSAKA_2 = "192.168.20.77", "192.168.20.78", "192.168.20.11", "10.42.0.2"
VPN, VPN_2 = "10.8.0.7", "10.8.0.8"
GIT, OPS, WIKI = "git.osaka.example.co.jp", "ops.osaka.example.co.jp", "wiki.osaka.example.co.jp"
TANAKA = ("tanaka", password("tanaka"))


@pytest.fixture(scope="module")
def start(
    tmp_path_factory: pytest.TempPathFactory, multi_host: Deployment, debian_program: Callable[[str], str]
) -> Callable[[str], RunningGateway]:
    def lay_out_host(name: str) -> RunningGateway:
        tree = lay_out(tmp_path_factory.mktemp(name), multi_host, multi_host.environment.hosts[name])
        outside = [OFFICE, OFFICE_2, VPN, VPN_2, OSAKA_2] if name == "osaka-1" else [OFFICE, OFFICE_2, OSAKA_1]
        return RunningGateway(tree, debian_program("nginx"), outside)

    return lay_out_host


@pytest.fixture(scope="module")
def osaka_1(start: Callable[[str], RunningGateway]) -> Iterator[RunningGateway]:
    with start("osaka-1") as running:
        yield running


@pytest.fixture(scope="module")
def osaka_2(start: Callable[[str], RunningGateway]) -> Iterator[RunningGateway]:
    with start("osaka-2") as running:
        yield running


def one(gateway: RunningGateway, ask: Ask) -> Answer:
    (answer,) = gateway.ask([ask])
    return answer


FORGED = (
    "X-WEBAUTH-USER: admin",
    "X-Webauth-User: tanaka",
    "X_WEBAUTH_USER: tanaka",
    "X-WEBAUTH-ROLE: Admin",
    "X-WEBAUTH-EMAIL: admin@example.co.jp",
    "X-Forwarded-For: 127.0.0.1",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: http",
    "X-Forwarded-Port: 1",
    "X-Forwarded-Prefix: /evil",
    "X-Real-IP: 127.0.0.1",
    "Forwarded: for=127.0.0.1",
    "Proxy: http://evil.example",
)


def test_a_forged_header_gets_nowhere(osaka_1: RunningGateway) -> None:
    answer = one(osaka_1, Ask(OFFICE, name=GIT, headers=FORGED))
    passed = {name.lower(): value for name, value in answer.echo["headers"]}
    assert len(passed) == len(answer.echo["headers"]), "a header came twice"
    assert {
        name: value for name, value in passed.items() if name.startswith(("x-", "x_")) and name != "x-request-id"
    } == {
        "x-real-ip": OFFICE,
        "x-forwarded-for": OFFICE,
        "x-forwarded-proto": "https",
        "x-forwarded-port": "443",
        "x-forwarded-host": GIT,
    }
    assert passed["host"] == GIT
    assert not {"forwarded", "proxy"} & passed.keys()


def test_grafana_learns_who_somebody_is_from_the_gateway_alone(osaka_1: RunningGateway) -> None:
    answer = one(osaka_1, Ask(OFFICE, "/grafana/api/user", name=OPS, account=TANAKA, headers=FORGED))
    assert answer.passed_on("X-WEBAUTH-USER") == ["tanaka"]
    assert answer.passed_on("X-WEBAUTH-ROLE") == ["Admin"]
    assert answer.passed_on("Authorization") == []
    assert answer.passed_on("Host") == [OPS]
    assert answer.echo["target"] == "/grafana/api/user"


@pytest.mark.parametrize(
    ("source", "account", "role"),
    [(VPN, "tanaka", "Editor"), (OFFICE, "kobayashi", "Viewer"), (OFFICE, "tanaka", "Admin")],
)
def test_the_role_follows_from_account_and_network(
    osaka_1: RunningGateway, source: str, account: str, role: str
) -> None:
    answer = one(osaka_1, Ask(source, "/grafana/", name=OPS, account=(account, password(account))))
    assert answer.passed_on("X-WEBAUTH-ROLE") == [role]


@pytest.mark.parametrize(
    "path", ["/grafana", "/", "/metrics", "/api/user", "/.flatnet-ops/unavailable.html", "/GRAFANA/"]
)
def test_there_is_no_way_to_grafana_beside_its_path(osaka_1: RunningGateway, path: str) -> None:
    assert one(osaka_1, Ask(OFFICE, path, name=OPS)).status in {301, 302, 404}


@pytest.mark.parametrize("path", ["//grafana/", "/x/../grafana/", "/%67rafana/", "/grafana/%2e%2e/grafana/"])
def test_another_spelling_of_the_path_asks_for_a_log_in_too(osaka_1: RunningGateway, path: str) -> None:
    assert one(osaka_1, Ask(OFFICE, path, name=OPS)).status == 401


def test_a_password_that_the_gateway_asked_for_goes_no_further(osaka_1: RunningGateway) -> None:
    member = one(osaka_1, Ask(VPN, name=GIT, account=TANAKA))
    assert member.passed_on("Authorization") == []
    assert member.passed_on("X-WEBAUTH-USER") == ["tanaka"]
    colleague = one(osaka_1, Ask(OFFICE, name=GIT, account=("of-forgejo", "its own")))
    assert colleague.passed_on("Authorization")[0].startswith("Basic ")
    assert colleague.passed_on("X-WEBAUTH-USER") == []


def test_a_site_of_some_accounts_believes_its_own_log_in_alone(osaka_2: RunningGateway) -> None:
    as_kobayashi = ("X-WEBAUTH-USER: kobayashi", "X-WEBAUTH-ROLE: Admin")
    forged, wrong, former, right = osaka_2.ask(
        [
            Ask(OFFICE, name=WIKI, headers=as_kobayashi),
            Ask(OFFICE, name=WIKI, account=("tanaka", password("kobayashi"))),
            Ask(OFFICE, name=WIKI, account=(FORMER, password(FORMER)), headers=as_kobayashi),
            Ask(OFFICE, name=WIKI, account=TANAKA, headers=as_kobayashi),
        ]
    )
    assert [answer.status for answer in (forged, wrong, former, right)] == [401, 401, 403, 200]
    assert right.passed_on("X-WEBAUTH-USER") == ["tanaka"]
    assert right.passed_on("X-WEBAUTH-ROLE") == ["Admin"]  # from the model, not from the client
    assert right.passed_on("Authorization") == []


def test_a_request_id_is_kept_if_it_is_one(osaka_1: RunningGateway) -> None:
    given = "0af7651916cd43dd8448eb211c80319c"
    kept = one(osaka_1, Ask(OFFICE, name=GIT, headers=(f"X-Request-ID: {given}",)))
    assert (kept.passed_on("X-Request-ID"), kept.all("x-request-id")) == ([given], [given])
    made = one(osaka_1, Ask(OFFICE, name=GIT, headers=('X-Request-ID: "}{<script>',)))
    assert made.passed_on("X-Request-ID") == made.all("x-request-id")
    assert len(made.all("x-request-id")[0]) == 32


def test_security_headers_stand_once_and_the_workloads_own_count(osaka_1: RunningGateway) -> None:
    plain, own = osaka_1.ask([Ask(OFFICE, name=GIT), Ask(OFFICE, "/own-headers", name=GIT)])
    assert plain.all("strict-transport-security") == own.all("strict-transport-security") == ["max-age=15552000"]
    assert plain.all("x-content-type-options") == own.all("x-content-type-options") == ["nosniff"]
    assert (plain.all("x-frame-options"), own.all("x-frame-options")) == (["SAMEORIGIN"], ["DENY"])
    assert (plain.all("referrer-policy"), own.all("referrer-policy")) == (
        ["strict-origin-when-cross-origin"],
        ["no-referrer"],
    )
    assert plain.all("content-security-policy") == ["frame-ancestors 'self'"]
    assert own.all("content-security-policy") == ["default-src 'none'"]
    assert own.all("x-powered-by") == []
    refused = one(osaka_1, Ask(OFFICE, "/grafana/", name=OPS))
    assert refused.all("strict-transport-security") == ["max-age=15552000"]
    assert refused.all("www-authenticate") == ['Basic realm="Flatnet"']
    assert refused.all("server") == ["nginx"]


def test_a_websocket_passes_and_no_other_protocol_does(osaka_1: RunningGateway) -> None:
    upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: x")
    live = one(osaka_1, Ask(OFFICE, "/grafana/api/live/ws", name=OPS, account=TANAKA, headers=upgrade))
    assert (live.status, live.body) == (101, "hello")
    other = one(osaka_1, Ask(OFFICE, name=GIT, headers=("Connection: close, Upgrade, HTTP2-Settings", "Upgrade: h2c")))
    assert other.passed_on("Upgrade") == []
    assert other.passed_on("Connection") == ["close"]


def test_a_name_that_is_not_served_learns_nothing(osaka_1: RunningGateway) -> None:
    wrong_sni, wrong_host, wrong_plain = osaka_1.ask(
        [
            Ask(OFFICE, name="evil.example"),
            Ask(OFFICE, name=GIT, host="evil.example"),
            Ask(OFFICE, name="localhost", port=80, plain=True),
        ]
    )
    assert wrong_sni.refused is not None
    assert "UNRECOGNIZED_NAME" in wrong_sni.refused
    assert (wrong_host.status, wrong_plain.status) == (421, 404)


def test_http_leads_to_https_under_the_same_name(osaka_1: RunningGateway) -> None:
    answer = one(osaka_1, Ask(OFFICE, "/a%20b?c=d", name=GIT, port=80, plain=True))
    assert (answer.status, answer.all("location")) == (308, [f"https://{GIT}/a%20b?c=d"])


SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
STRANGE = {  # between a request line and its headers, and what comes after
    "two lengths": ("POST / HTTP/1.1", f"Content-Length: 0\r\nContent-Length: {len(SMUGGLED)}", SMUGGLED),
    "length and chunks": ("POST / HTTP/1.1", "Content-Length: 5\r\nTransfer-Encoding: chunked", f"0\r\n\r\n{SMUGGLED}"),
    "unknown coding": ("POST / HTTP/1.1", "Transfer-Encoding: xchunked", f"0\r\n\r\n{SMUGGLED}"),
    "space before the colon": ("POST / HTTP/1.1", "Transfer-Encoding : chunked", f"0\r\n\r\n{SMUGGLED}"),
    "two hosts": ("GET / HTTP/1.1", "Host: evil.example", ""),
    "HTTP/0.9": ("GET /\r\nGET / HTTP/1.1", "", ""),
    "a null": ("GET /\0 HTTP/1.1", "", ""),
    "another host in the target": ("GET https://evil.example/ HTTP/1.1", "Connection: close", ""),
    "a tunnel": ("CONNECT 127.0.0.1:3000 HTTP/1.1", "", ""),
}


@pytest.mark.parametrize("what", sorted(STRANGE))
def test_a_request_with_two_meanings_is_refused(osaka_1: RunningGateway, what: str) -> None:
    line, header, body = STRANGE[what]
    raw = "\r\n".join((line, f"Host: {GIT}", *([header] if header else []), "", body))
    answer = one(osaka_1, Ask(OFFICE, name=GIT, raw=raw))
    assert answer.refused or 400 <= answer.status < 600
    assert '"target"' not in answer.body, "it reached the workload"


def test_pushed_logs_need_the_token_and_do_not_pass_it_on(osaka_1: RunningGateway) -> None:
    path = "/loki/api/v1/push"
    answer = one(
        osaka_1, Ask(OSAKA_2, path, port=9145, bearer=TOKEN, method="POST", body="lines", headers=("X-Scope-OrgID: x",))
    )
    assert (answer.echo["target"], answer.echo["body"]) == (path, "lines")
    assert answer.passed_on("Authorization") == answer.passed_on("X-Scope-OrgID") == []
    for shown in (
        "",
        "Authorization: Bearer",
        f"Authorization: Basic {TOKEN}",
        f"Authorization: Bearer {TOKEN} {TOKEN}",
    ):
        headers = (shown,) if shown else ()
        refused = one(osaka_1, Ask(OSAKA_2, path, port=9145, method="POST", headers=headers))
        assert (refused.status, refused.all("www-authenticate")) == (401, ["Bearer"])


def test_too_many_requests_of_one_client_are_put_off_and_others_are_not(osaka_2: RunningGateway) -> None:
    asks = [Ask(OFFICE_2, name=WIKI, account=TANAKA) for _ in range(120)]
    statuses = [answer.status for answer in osaka_2.ask(asks, at_once=16)]
    assert set(statuses) == {200, 429}
    assert statuses.count(200) >= 41
    assert one(osaka_2, Ask(OFFICE, name=WIKI, account=TANAKA)).status == 200


def test_passwords_are_not_guessed_at_full_speed_and_a_page_of_grafana_is_served_at_once(
    osaka_1: RunningGateway,
) -> None:
    page = [Ask(OFFICE, f"/grafana/public/{n}.js", name=OPS, account=TANAKA) for n in range(60)]
    assert {answer.status for answer in osaka_1.ask(page, at_once=60)} == {200}
    limit = osaka_1.environment.gateway.login_limit
    began = time.monotonic()
    for source, name, path in ((OFFICE_2, OPS, "/grafana/"), (VPN_2, GIT, "/")):
        asks = [Ask(source, path, name=name, account=("tanaka", f"{n}")) for n in range(2 * limit.burst)]
        statuses = [answer.status for answer in osaka_1.ask(asks, at_once=16)]
        assert set(statuses) == {401, 429}, name
        most = limit.burst + limit.requests_per_second * (time.monotonic() - began) + 1
        assert limit.burst < statuses.count(401) <= most, name
    assert one(osaka_1, Ask(OFFICE, "/grafana/", name=OPS, account=TANAKA)).status == 200


def test_who_is_not_asked_for_a_password_is_not_slowed(osaka_1: RunningGateway) -> None:
    asks = [Ask(OFFICE, name=GIT) for _ in range(2 * osaka_1.environment.gateway.login_limit.burst)]
    assert {answer.status for answer in osaka_1.ask(asks, at_once=16)} == {200}


def test_the_log_names_who_was_let_in_and_who_was_refused(osaka_1: RunningGateway) -> None:
    wrong = ("tanaka", "x")
    cases = {  # path: from, name, what is shown; status and user
        "/log/claimed": (OFFICE, GIT, wrong, 200, None),
        "/log/member": (VPN, GIT, TANAKA, 200, "tanaka"),
        "/log/refused": (VPN, GIT, wrong, 401, "tanaka"),
        "/grafana/log": (OFFICE, OPS, TANAKA, 200, "tanaka"),
        "/grafana/log/left": (OFFICE, OPS, (FORMER, password(FORMER)), 403, "other"),
        "/grafana/log/nobody": (OFFICE, OPS, None, 401, None),
    }
    osaka_1.ask([Ask(source, path, name, account=shown) for path, (source, name, shown, *_) in cases.items()])
    file = osaka_1.tree.flatnet / "logs" / osaka_1.environment.gateway.logs.access
    lines: dict[str, dict[str, object]] = {}

    def written() -> bool:
        lines.update((line["path"], line) for line in map(json.loads, file.read_text("utf-8").splitlines()))
        return cases.keys() <= lines.keys()

    wait("every line", written)
    assert {path: (lines[path]["status"], lines[path].get("user")) for path in cases} == {
        path: (status, user) for path, (*_, status, user) in cases.items()
    }


def test_a_request_that_is_none_leaves_no_warning(osaka_1: RunningGateway) -> None:
    asks = [Ask(OFFICE, name=GIT, raw="nonsense\r\n\r\n"), Ask(OFFICE, port=80, raw="GET /\0 HTTP/1.1\r\n\r\n")]
    assert [answer.status for answer in osaka_1.ask(asks)] == [400, 400]
    assert osaka_1.environment.gateway.logs.error_level == "warn"
    assert "uninitialized" not in osaka_1.error_log()


def test_a_request_that_is_too_large_is_refused(osaka_2: RunningGateway) -> None:
    limit = osaka_2.environment.gateway.sites["wiki"].max_body.bytes
    head = f"POST / HTTP/1.1\r\nHost: {WIKI}\r\nConnection: close\r\nContent-Length: {{}}\r\n"
    assert one(osaka_2, Ask(OFFICE, name=WIKI, raw=head.format(limit + 1) + "\r\n")).status == 413


def test_a_workload_without_an_address_is_told_in_both_languages(osaka_2: RunningGateway) -> None:
    file = osaka_2.tree.upstreams
    known = file.read_text(encoding="utf-8")
    try:
        file.write_text("{}", encoding="utf-8")
        answer = _until(osaka_2, 503)
        assert "しばらくお待ちください" in answer.body.encode("latin-1").decode()
        assert "Not available at the moment" in answer.body
        assert answer.all("content-type") == ["text/html; charset=utf-8"]
        assert answer.all("strict-transport-security") == ["max-age=15552000"]
    finally:
        file.write_text(known, encoding="utf-8")
    assert _until(osaka_2, 200).status == 200


def _until(gateway: RunningGateway, status: int) -> Answer:
    for _ in range(40):  # the file is looked at once a second
        answer = one(gateway, Ask(OSAKA_1, name=WIKI, account=TANAKA))
        if answer.status == status:
            return answer
    raise AssertionError(f"still {answer.status}, and not {status}")

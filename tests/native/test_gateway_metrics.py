"""What the Gateway answers at /metrics and /heartbeat, in a real nginx: formats, the status page, a reload."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from model import names
from tests.gateway import BUCKETS, GENERATION, Gateway, by, gateway, series, total
from tests.nginx import ask, wait

Find = Callable[[str], str]
REQUESTS, DURATION = names.GATEWAY_REQUESTS, names.GATEWAY_DURATION
OPEN_METRICS = "application/openmetrics-text;version=1.0.0"


PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.mark.parametrize(
    ("accept", "open_metrics"),
    [
        ("", False),
        ("*/*", False),
        ("text/plain", False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        (OPEN_METRICS, True),
        ("application/openmetrics-text", True),
        ("Application/OpenMetrics-Text; Version=1.0.0; Charset=utf-8", True),
        ("application/openmetrics-text;version=0.0.1", False),
        ("application/openmetrics-text;version=1.0.0;q=0", False),
        ("application/openmetrics-text;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.5", False),
        (PROMETHEUS_3, True),
    ],
)
def test_the_scraper_gets_the_format_that_it_asks_for(running: Gateway, accept: str, open_metrics: bool) -> None:
    headers = {"Accept": accept} if accept else {}
    _, got, body = ask(running.ports["metrics"], "/metrics", headers=headers)
    text = body.decode()
    kind = "application/openmetrics-text; version=1.0.0" if open_metrics else "text/plain; version=0.0.4"
    assert got["content-type"] == kind + "; charset=utf-8"
    assert text.endswith("\n# EOF\n") == open_metrics
    assert ("# TYPE flatnet_gateway_requests counter" in text) == open_metrics
    assert ("# TYPE flatnet_gateway_requests_total counter" in text) != open_metrics
    assert 'flatnet_gateway_requests_total{site="wiki",method="GET",status="2xx"}' in text


def test_openmetrics_units_end_the_names_that_have_them(running: Gateway) -> None:
    units = [line.split()[2:] for line in running.metrics(OPEN_METRICS).splitlines() if line.startswith("# UNIT ")]
    assert {unit for _, unit in units} == {"bytes", "seconds"}
    assert [name for name, unit in units if not name.endswith("_" + unit)] == []


def test_bucket_bounds_are_written_as_floats(running: Gateway) -> None:
    bounds = [key for key in series(running.metrics()) if key.startswith(DURATION + '_bucket{site="wiki"')]
    assert bounds == [f'{DURATION}_bucket{{site="wiki",le="{bound}"}}' for bound in (*BUCKETS, "+Inf")]


def test_connections_and_dicts_are_shown_against_what_they_can_hold(running: Gateway) -> None:
    with socket.create_connection(("127.0.0.1", running.ports["http"])):
        wait("the connection", lambda: by(series(running.metrics()), names.GATEWAY_CONNECTIONS, "state")["active"] >= 2)
        found = series(running.metrics())
    assert set(by(found, names.GATEWAY_CONNECTIONS, "state")) == {"active", "reading", "writing", "waiting"}
    assert found[names.GATEWAY_CONNECTIONS_LIMIT] == 512
    free, size = (by(found, name, "dict") for name in (names.GATEWAY_DICT_FREE, names.GATEWAY_DICT_SIZE))
    assert set(free) == set(size) == {"flatnet_ops", "flatnet_containers"}
    assert size["flatnet_ops"] == 5 << 20
    assert 0 < free["flatnet_ops"] < size["flatnet_ops"]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_metrics_are_read_only(running: Gateway, method: str) -> None:
    assert ask(running.ports["metrics"], "/metrics", method)[0] == 405


def test_a_heartbeat_is_stored_and_told(running: Gateway) -> None:
    port, file = running.ports["metrics"], running.folder / "heartbeat"
    assert ask(port, "/heartbeat")[0] == 404
    assert ask(port, "/heartbeat", "POST", body=b'{"status": "firing"}')[0] == 204
    assert abs(int(file.read_text("ascii")) - time.time()) < 5
    file.write_text("1700000000\n", "ascii")
    status, headers, body = ask(port, "/heartbeat")
    assert (status, headers["content-type"], body) == (200, "text/plain", b"1700000000\n")
    assert ask(port, "/heartbeat", "POST")[0] == 204
    assert int(file.read_text("ascii")) > 1700000000
    assert ask(port, "/heartbeat", "DELETE")[0] == 405
    assert [path.name for path in running.folder.glob("heartbeat*")] == ["heartbeat"]


def test_a_heartbeat_that_cannot_be_stored_is_an_error_for_alertmanager(running: Gateway) -> None:
    file = running.folder / "heartbeat"
    file.unlink(missing_ok=True)
    file.mkdir()
    try:
        assert ask(running.ports["metrics"], "/heartbeat", "POST")[0] == 500
    finally:
        file.rmdir()
    assert [path.name for path in running.folder.glob("heartbeat*")] == []


def test_counts_survive_a_reload(debian_program: Find, tmp_path: Path) -> None:
    with gateway(debian_program("nginx"), tmp_path) as made:
        for _ in range(5):
            assert made.ask("wiki")[0] == 200
        before = series(made.metrics())
        made.nginx.reload()
        after = series(made.metrics())
        assert total(after, REQUESTS, site="wiki") == total(before, REQUESTS, site="wiki") == 5
        assert after[names.GATEWAY_CONFIG_OK] == 1


def test_what_a_worker_has_not_written_yet_survives_a_reload(debian_program: Find, tmp_path: Path) -> None:
    with gateway(debian_program("nginx"), tmp_path) as made:
        for _ in range(5):  # nobody scrapes: all of it waits
            assert made.ask("wiki")[0] == 200
        made.nginx.reload()
        assert total(series(made.metrics()), REQUESTS, site="wiki") == 5


def test_a_request_that_ends_in_an_old_worker_counts(debian_program: Find, tmp_path: Path) -> None:
    with (
        gateway(debian_program("nginx"), tmp_path) as made,
        socket.create_connection(("127.0.0.1", made.ports["http"])) as client,
    ):
        client.sendall(b"GET /upgrade HTTP/1.1\r\nHost: wiki\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 101 ")
        made.nginx.reload()  # until the old worker is gone
        assert total(series(made.metrics()), REQUESTS, site="wiki", status="1xx") == 1


def test_a_scrape_shows_every_request_whichever_of_several_workers_had_it(debian_program: Find, tmp_path: Path) -> None:
    with gateway(debian_program("nginx"), tmp_path, workers=4) as made:
        for count in range(1, 41):
            assert made.ask("wiki", f"/{count}")[0] == 200
            made.line(f"/{count}")  # it is counted before it is logged
            assert total(series(made.metrics()), REQUESTS, site="wiki") == count


def test_each_load_has_its_time_also_one_of_the_same_files(debian_program: Find, tmp_path: Path) -> None:
    with gateway(debian_program("nginx"), tmp_path) as made:
        loaded = series(made.metrics())[names.GATEWAY_CONFIG_LOADED]
        time.sleep(1.1)  # so that the second of the load differs
        assert series(made.metrics())[names.GATEWAY_CONFIG_LOADED] == loaded
        made.nginx.reload()
        wait("the time of the reload", lambda: series(made.metrics())[names.GATEWAY_CONFIG_LOADED] > loaded)


def test_a_reload_that_was_forgotten_or_failed_is_seen(debian_program: Find, tmp_path: Path) -> None:
    with gateway(debian_program("nginx"), tmp_path) as made:
        loaded = series(made.metrics())[names.GATEWAY_CONFIG_LOADED]
        conf = tmp_path / "nginx.conf"
        good = conf.read_text("utf-8")
        (tmp_path / "generation").write_text("a-newer-one\r\n", "utf-8")
        assert series(made.metrics())[names.GATEWAY_CONFIG_OK] == 0
        conf.write_text(good.replace(GENERATION, "a-newer-one"), "utf-8")
        time.sleep(1.1)  # so that the second of the load differs
        made.nginx.reload()

        def fresh() -> bool:
            return series(made.metrics())[names.GATEWAY_CONFIG_OK] == 1

        wait("the new configuration", fresh)
        assert series(made.metrics())[names.GATEWAY_CONFIG_LOADED] > loaded
        (tmp_path / "generation").unlink()
        assert series(made.metrics())[names.GATEWAY_CONFIG_OK] == 0


@pytest.mark.parametrize(
    ("used", "rendered", "same"),
    [
        ("# ours\npid a;\n", "# ours\npid a;\n", 1),
        ("# ours\npid a;\n", "# ours\npid b;\n", 0),
        ("pid a;\n", "# ours\npid b;\n", 1),  # Flatnet's own
        ("", "# ours\n", 1),
    ],
)
def test_a_new_nginx_conf_that_was_not_put_in_its_place_is_seen(
    running: Gateway, used: str, rendered: str, same: int
) -> None:
    places = {running.folder / "nginx_conf": used, running.folder / "nginx_conf_rendered": rendered}
    try:
        for path, text in places.items():
            path.write_text(text, "utf-8")
        assert series(running.metrics())[names.GATEWAY_CONFIG_OK] == same
    finally:
        for path in places:
            path.unlink()


def test_other_bucket_bounds_begin_anew(debian_program: Find, tmp_path: Path) -> None:
    with gateway(debian_program("nginx"), tmp_path) as made:
        made.ask("wiki")
        assert total(series(made.metrics()), REQUESTS, site="wiki") == 1
        settings = tmp_path / "lualib" / "flatnet_ops" / "settings.lua"
        settings.write_text(settings.read_text("utf-8").replace("0.005, ", ""), "utf-8")
        made.nginx.reload()
        wait("new bounds", lambda: 'le="0.005"' not in made.metrics())
        found = series(made.metrics())
        assert total(found, DURATION + "_count", site="wiki") == total(found, REQUESTS, site="wiki") == 0


def test_a_full_dict_costs_no_request(debian_program: Find, tmp_path: Path) -> None:
    with gateway(debian_program("nginx"), tmp_path, dict_size="12k") as made:
        for path in ("/", "/status/404", "/status/500", "/status/302", "/dead", "/retried"):
            for method in ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"):
                for site in ("wiki", "other"):
                    assert made.ask(site, path, method)[0] in {200, 302, 404, 500, 502}
        wait("every line", lambda: len(made.lines()) == 72)
        assert series(made.metrics())[names.GATEWAY_DICT_EVICTIONS] > 0
        assert "lua" not in "".join(
            line for line in (tmp_path / "logs" / "error.log").read_text("utf-8").splitlines() if "[error]" in line
        ).replace("lualib", "")

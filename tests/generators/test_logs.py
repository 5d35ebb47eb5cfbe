"""Loki, the collectors and logrotate keep what the retention table says, under labels with bounds."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from typing import Any

import pytest
import yaml

from generators import alloy, logrotate, loki, stack
from model.deployment import Deployment
from model.names import LOG_KINDS, LogKind
from model.values import DurationValue

# Labels whose values the model, the program or the retention of files bounds; everything else is structured metadata.
BOUNDED = {"channel", "component", "container", "file", "host", "kind", "level", "site"}


def loki_configuration(deployment: Deployment) -> dict[str, Any]:
    (file,) = [file for file in loki.generate(deployment) if file.tree_path.endswith("loki.yaml")]
    return dict(yaml.safe_load(file.content))


def loki_limits(deployment: Deployment) -> dict[str, Any]:
    return dict(loki_configuration(deployment)["limits_config"])


def collectors(deployment: Deployment) -> dict[str, str]:
    return {file.tree_path: file.content for file in alloy.generate(deployment) if file.tree_path.endswith(".alloy")}


def test_loki_keeps_each_kind_as_long_as_the_table_says(deployment: Deployment) -> None:
    limits, table = loki_limits(deployment), deployment.environment.retention.logs
    kept = {stream["selector"]: stream["period"] for stream in limits["retention_stream"]}
    assert kept == {f'{{kind="{kind}"}}': f"{table.of(kind).keep.hours:.0f}h" for kind in LOG_KINDS}
    longest = max(table.of(kind).keep.hours for kind in LOG_KINDS)
    assert limits["retention_period"] == limits["max_query_lookback"] == f"{longest:.0f}h"


def test_a_connection_outlives_the_longest_query(production: Deployment) -> None:
    query = DurationValue.parse(loki_limits(production)["query_timeout"])
    server = loki_configuration(production)["server"]
    for way in ("read", "write"):
        assert DurationValue.parse(server[f"http_server_{way}_timeout"]) > query


def test_what_a_collector_reads_first_is_not_too_old_for_loki_when_it_arrives(deployment: Deployment) -> None:
    takes = DurationValue.parse(loki_limits(deployment)["reject_old_samples_max_age"])
    found = [age for text in collectors(deployment).values() for age in re.findall(r'max_age\s+= "(\w+)"', text)]
    assert len(found) == len(deployment.environment.hosts)
    for age in found:
        assert 3600 <= takes.seconds - DurationValue.parse(age).seconds <= 2 * 3600


def seconds(text: str) -> float:
    """A length of time as Alloy reads it."""
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h)", text).groups()  # type: ignore[union-attr]
    return int(number) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[unit]


def gives_up_after(text: str) -> float:
    """Seconds after which a collector drops a batch that Loki does not take: the pauses between its attempts."""
    (retries,) = map(int, re.findall(r"max_backoff_retries = (\d+)", text))
    if retries == 0:
        return math.inf
    first, longest = (seconds(one) for one in re.findall(r'm(?:in|ax)_backoff_period\s+= "(\w+)"', text))
    return sum(min(first * 2.0**number, longest) for number in range(retries))


def test_how_long_a_collector_tries_is_computed_right() -> None:
    """Alloy's own defaults, which the plan of record warns of: about eight and a half minutes."""
    text = 'min_backoff_period = "500ms"\nmax_backoff_period = "5m"\nmax_backoff_retries = 10'
    assert gives_up_after(text) == pytest.approx(511.5)


def test_no_collector_gives_up_within_a_day(deployment: Deployment) -> None:
    for text in collectors(deployment).values():
        assert gives_up_after(text) > 86_400
        assert re.search(r"retry_on_http_429\s+= true", text)


def test_what_waits_for_a_day_is_still_there(deployment: Deployment) -> None:
    """The journal holds a day of all that goes into it; files have links for a day, or as much as a day brings."""
    logs = deployment.environment.retention.logs
    assert (
        deployment.environment.retention.journal_disk.bytes > logs.containers.per_day.bytes + logs.system.per_day.bytes
    )
    settings = [file.content for file in alloy.generate(deployment) if file.tree_path.endswith("collecting.json")]
    assert len(settings) == len(deployment.environment.hosts)
    for log in (log for text in settings for log in json.loads(text)["logs"]):
        kind: LogKind = "cni" if log["path"] == deployment.environment.cni.log else "containers"
        assert log["budget_bytes"] >= logs.of(kind).per_day.bytes


def test_every_kind_of_log_has_a_source(deployment: Deployment) -> None:
    said = "\n".join(collectors(deployment).values())
    for kind in LOG_KINDS:
        assert re.search(rf'(kind\s+=|replacement\s+=) "{kind}"', said), kind


def test_no_label_is_without_bounds(deployment: Deployment) -> None:
    for path, text in collectors(deployment).items():
        labels = set(re.findall(r"stage\.labels \{\s+values = \{([^}]*)\}", text))
        named = {name for block in labels for name in re.findall(r"(\w+)\s*=", block)}
        named |= set(re.findall(r'target_label\s+= "(\w+)"', text))
        dropped = {
            name
            for block in re.findall(r"label_drop \{\s+values = \[([^]]*)\]", text)
            for name in re.findall(r"\w+", block)
        }
        assert named, path
        assert named - dropped <= BOUNDED, path


def test_other_hosts_push_through_the_gateway_of_the_monitoring_host_with_a_token(multi_host: Deployment) -> None:
    found = collectors(multi_host)
    monitor = multi_host.environment.monitoring_host
    for path, text in found.items():
        (url,) = re.findall(r'url\s+= "([^"]*)"', text)
        if path.startswith(f"{monitor.name}/"):
            assert url == "http://127.0.0.1:3100/loki/api/v1/push"
            assert "bearer_token_file" not in text
        else:
            assert url == f"http://{monitor.nebula_address}:9145/loki/api/v1/push"
            assert "ingress-token" in text


def test_the_error_log_is_read_in_the_zone_of_the_environment(deployment: Deployment) -> None:
    zone = deployment.environment.time.zone
    texts = [text for path, text in collectors(deployment).items() if "/wsl/" in path]
    assert all(re.search(rf'location = "{zone}"', text) for text in texts)


def test_logrotate_keeps_as_many_days_as_the_table_says(deployment: Deployment) -> None:
    """By age alone: a busy day has several generations, and none of them may push out one that is to be kept."""
    days = round(deployment.environment.retention.logs.cni.keep.days)
    for file in logrotate.generate(deployment):
        (generations,) = re.findall(r"rotate (\d+)\n", file.content)
        assert int(generations) > days
        assert f"maxage {days}\n" in file.content
        assert deployment.environment.cni.log in file.content


def by_size(deployment: Deployment, kind: str) -> Deployment:
    """The same deployment, with one kind of log rotated by size alone."""
    environment = deployment.environment
    row = getattr(environment.retention.logs, kind).model_copy(update={"rotate": "size"})
    logs = environment.retention.logs.model_copy(update={kind: row})
    retention = environment.retention.model_copy(update={"logs": logs})
    return replace(deployment, environment=environment.model_copy(update={"retention": retention}))


def test_the_log_of_the_plugin_is_rotated_by_day_or_by_size_alone(production: Deployment) -> None:
    (daily,) = logrotate.generate(production)
    assert "    daily\n    maxsize 100M\n" in daily.content
    (sized,) = logrotate.generate(by_size(production, "cni"))
    assert "    size 100M\n" in sized.content
    assert "daily" not in sized.content


def journal(deployment: Deployment) -> str:
    return next(file.content for file in stack.generate(deployment) if "journald.conf.d" in file.tree_path)


def test_files_of_the_journal_are_rotated_by_day_or_by_size_alone(production: Deployment) -> None:
    assert "MaxFileSec=1day\nSystemMaxFileSize=100M\n" in journal(production)
    assert "MaxFileSec=0\nSystemMaxFileSize=100M\n" in journal(by_size(production, "system"))

"""Loki: one program, on loopback, with a retention for each kind of log that is really applied, and rules on logs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from generators.emit import to_yaml
from generators.files import RenderedFile, wsl_file
from generators.rules import rule
from model.deployment import Deployment
from model.inhibitions import outlives
from model.logs import OLDEST_LINE
from model.monitoring import LOGS_EVERY
from model.names import LOG_KINDS
from model.stateful import DATA
from model.values import SizeValue

FOLDER = f"{DATA}/loki"
RULES = "/etc/loki/rules"

# The one tenant while `auth_enabled` is false; the ruler reads rules from a folder of this name alone.
TENANT = "fake"

# Seconds of a query, and of the connection that brings its answer, which would else end at half of it.
QUERY_TIMEOUT, CONNECTION_TIMEOUT = 60, 75

# The first day of the schema. It lies before every line that can arrive; moving it would hide the lines before it.
SCHEMA_FROM = "2024-01-01"


def generate(deployment: Deployment) -> Iterator[RenderedFile]:
    """Render the configuration of the monitoring host."""
    host = deployment.environment.monitoring_host.name
    restart = "systemctl restart loki.service"
    yield wsl_file(host, "/etc/loki/loki.yaml", to_yaml(configuration(deployment), deployment.name), reload=restart)
    # The ruler looks at its folder each minute by itself.
    yield wsl_file(host, f"{RULES}/{TENANT}/alerts.yaml", to_yaml(rules(deployment), deployment.name))


def rules(deployment: Deployment) -> dict[str, Any]:
    """Alerts on logs, one group for each component."""
    kept = outlives(deployment)
    every = str(deployment.pace.interval(LOGS_EVERY))
    found = sorted(
        (alert for alert in deployment.alerts if alert.file.source == "logs"),
        key=lambda alert: (alert.component, alert.name),
    )
    return {
        "groups": [
            {"name": component, "interval": every, "rules": [rule(alert, deployment, kept) for alert in alerts]}
            for component, alerts in groupby(found, key=lambda alert: alert.component)
        ]
    }


def configuration(deployment: Deployment) -> dict[str, Any]:
    """The whole file; sizes are for the memory of the planning table, 512 MB."""
    stack = deployment.environment.monitoring
    return {
        "auth_enabled": False,
        "analytics": {"reporting_enabled": False},
        "server": {
            "http_listen_address": "127.0.0.1",
            "http_listen_port": stack.loki.port,
            "http_server_read_timeout": f"{CONNECTION_TIMEOUT}s",
            "http_server_write_timeout": f"{CONNECTION_TIMEOUT}s",
            "grpc_listen_address": "127.0.0.1",
            "grpc_listen_port": stack.loki_grpc_port,
            "log_level": "warn",
        },
        "common": {
            "instance_addr": "127.0.0.1",
            "path_prefix": FOLDER,
            "replication_factor": 1,
            "ring": {"kvstore": {"store": "inmemory"}},
            "storage": {"filesystem": {"chunks_directory": f"{FOLDER}/chunks", "rules_directory": RULES}},
        },
        "schema_config": {
            "configs": [
                {
                    "from": SCHEMA_FROM,
                    "store": "tsdb",
                    "object_store": "filesystem",
                    "schema": "v13",
                    "index": {"prefix": "index_", "period": "24h"},
                }
            ]
        },
        "ingester": {
            "chunk_encoding": "snappy",
            "chunk_idle_period": "30m",
            "max_chunk_age": "2h",
            "wal": {"dir": f"{FOLDER}/wal", "flush_on_shutdown": True, "replay_memory_ceiling": "256MB"},
        },
        "compactor": {
            "working_directory": f"{FOLDER}/compactor",
            "compaction_interval": "10m",
            "retention_enabled": True,
            "retention_delete_delay": "2h",
            "delete_request_store": "filesystem",
        },
        "limits_config": _limits(deployment),
        "query_range": {"cache_results": True, "results_cache": {"cache": {"embedded_cache": _CACHE}}},
        "chunk_store_config": {"chunk_cache_config": {"embedded_cache": _CACHE}},
        "ruler": {
            "alertmanager_url": f"http://127.0.0.1:{stack.alertmanager.port}",
            "enable_alertmanager_v2": True,
            "rule_path": f"{FOLDER}/rules-temp",
            "ring": {"kvstore": {"store": "inmemory"}},
            "external_labels": {"environment": deployment.name},
        },
    }


_CACHE = {"enabled": True, "max_size_mb": 64}


def _limits(deployment: Deployment) -> dict[str, Any]:
    retention, limits = deployment.environment.retention.logs, deployment.environment.logs.limits
    longest = max(retention.of(kind).keep for kind in LOG_KINDS)
    streams = [
        {"selector": f'{{kind="{kind}"}}', "priority": 1, "period": _hours(retention.of(kind).keep.hours)}
        for kind in LOG_KINDS
    ]
    return {
        # What carries no kind is kept as long as the longest, so that nothing goes sooner than somebody expects.
        "retention_period": _hours(longest.hours),
        "retention_stream": streams,
        "max_query_lookback": _hours(longest.hours),
        "ingestion_rate_mb": _megabytes(limits.rate),
        "ingestion_burst_size_mb": _megabytes(limits.burst),
        "per_stream_rate_limit": str(limits.stream_rate),
        "per_stream_rate_limit_burst": str(SizeValue(limits.stream_rate.bytes * 2)),
        "max_global_streams_per_user": limits.streams,
        "max_label_names_per_series": 10,
        "max_line_size": "256KB",
        "max_line_size_truncate": True,
        "reject_old_samples": True,
        "reject_old_samples_max_age": _hours(OLDEST_LINE),
        "creation_grace_period": _hours(OLDEST_LINE),
        "allow_structured_metadata": True,
        # The collectors set level, component and kind; a second, guessed level would only confuse.
        "discover_log_levels": False,
        "discover_service_name": [],
        "volume_enabled": True,
        "max_entries_limit_per_query": 5000,
        "query_timeout": f"{QUERY_TIMEOUT}s",
        "split_queries_by_interval": "1h",
    }


def _hours(hours: float) -> str:
    return f"{hours:.0f}h"


def _megabytes(size: SizeValue) -> float:
    return size.bytes / (1 << 20)

"""Hosts: WSL by node_exporter, Windows by windows_exporter."""

from __future__ import annotations

from generators.grafana.dashboards.common import (
    HOST,
    ON_HOST,
    WINDOWS_DISK,
    WSL_DISK,
    disk_steps,
    per_second,
    windows_disk_steps,
)
from generators.grafana.panel import Board, Panel, Query, row, t
from model import names
from model.bilingual import Bilingual
from model.deployment import Deployment

_SERVICES = "(?i)" + "|".join(names.WINDOWS_SERVICES)
_STOPPED = f'windows_service_state{{name=~"{_SERVICES}", state="running", {ON_HOST}}} == 0'


def board(deployment: Deployment) -> Board:
    """The same things of WSL above and of Windows below."""
    return Board("flatnet-hosts", t("Hosts", "ホスト"), (*_wsl(deployment), *_windows(deployment)), (HOST,))


def _wsl(deployment: Deployment) -> tuple[Panel, ...]:
    limits = deployment.environment.alerts.thresholds
    memory = f"100 * (1 - node_memory_MemAvailable_bytes{{{ON_HOST}}} / node_memory_MemTotal_bytes{{{ON_HOST}}})"
    clock = f"node_time_seconds{{{ON_HOST}}} - timestamp(node_time_seconds{{{ON_HOST}}})"
    skew = limits.clock_skew.seconds
    wired = f'device!="lo", {ON_HOST}'
    return (
        row("WSL", "WSL"),
        _busy("WSL", "node_cpu_seconds_total"),
        _percent(t("Memory of WSL", "WSL のメモリ"), memory, "{{host}}", ((limits.memory_used, "red"),)),
        _percent(t("Disks of WSL", "WSL のディスク"), WSL_DISK, "{{host}} {{mountpoint}}", disk_steps(deployment)),
        _bytes(
            t("Network of WSL", "WSL のネットワーク"),
            t("Bytes per second, received and sent.", "毎秒の受信・送信バイト数です。"),
            ("in", per_second("node_network_receive_bytes_total", "host", wired)),
            ("out", per_second("node_network_transmit_bytes_total", "host", wired)),
        ),
        _bytes(
            t("Disk throughput of WSL", "WSL のディスク入出力"),
            t("Bytes per second, read and written.", "毎秒の読み込み・書き込みバイト数です。"),
            ("read", per_second("node_disk_read_bytes_total", "host")),
            ("written", per_second("node_disk_written_bytes_total", "host")),
        ),
        Panel(
            "timeseries",
            t("Clock of WSL", "WSL の時計"),
            t(
                "Distance from the clock of the monitoring host; the sleep of Windows is what usually sets it off.",
                "監視ホストの時計との差です。多くは Windows のスリープで生じます。",
            ),
            (Query(clock, "{{host}}"),),
            unit="s",
            below="red",
            steps=((-skew, "green"), (skew, "red")),
        ),
    )


def _windows(deployment: Deployment) -> tuple[Panel, ...]:
    limits = deployment.environment.alerts.thresholds
    free, total = "windows_memory_physical_free_bytes", "windows_memory_physical_total_bytes"
    memory = f"100 * (1 - {free}{{{ON_HOST}}} / {total}{{{ON_HOST}}})"
    return (
        row("Windows", "Windows"),
        _busy("Windows", "windows_cpu_time_total"),
        _percent(t("Memory of Windows", "Windows のメモリ"), memory, "{{host}}", ((limits.memory_used, "red"),)),
        _percent(
            t("Disks of Windows", "Windows のディスク"),
            WINDOWS_DISK,
            "{{host}} {{volume}}",
            windows_disk_steps(deployment),
        ),
        _bytes(
            t("Network of Windows", "Windows のネットワーク"),
            t(
                "Bytes per second, received and sent, all adapters together.",
                "全アダプターの毎秒の受信・送信バイト数です。",
            ),
            ("in", per_second("windows_net_bytes_received_total", "host")),
            ("out", per_second("windows_net_bytes_sent_total", "host")),
            width=12,
        ),
        Panel(
            "table",
            t("Services of Windows that do not run", "停止している Windows サービス"),
            t("Of those that we need; empty is good.", "必要なサービスのうち停止しているものです。空なら正常です。"),
            (Query(_STOPPED, empty_is_good=True),),
            columns=(("host", t("Host", "ホスト")), ("name", t("Service", "サービス"))),
            width=12,
        ),
    )


def _bytes(title: Bilingual, description: Bilingual, *series: tuple[str, str], width: int = 8) -> Panel:
    queries = tuple(Query(expr, f"{{{{host}}}} {direction}") for direction, expr in series)
    return Panel("timeseries", title, description, queries, unit="Bps", width=width)


def _busy(side: str, counter: str) -> Panel:
    idle = f'rate({counter}{{mode="idle", {ON_HOST}}}[$__rate_interval])'
    return Panel(
        "timeseries",
        t(f"Processors of {side}", f"{side} の CPU"),
        t("Busy part of all processors.", "全 CPU の使用率です。"),
        (Query(f"100 * (1 - avg by (host) ({idle}))", "{{host}}"),),
        unit="percent",
        maximum=100,
    )


def _percent(title: Bilingual, expr: str, legend: str, steps: tuple[tuple[float, str], ...]) -> Panel:
    description = t("Used part; the lines are where alerts fire.", "使用率です。線はアラートのしきい値です。")
    return Panel("timeseries", title, description, (Query(expr, legend),), unit="percent", steps=steps, maximum=100)

"""Hosts: WSL by node_exporter, Windows by windows_exporter."""

from __future__ import annotations

from generators.grafana.dashboards.common import HOST, ON_HOST, WSL_DISK, disk_steps, windows_disk_steps
from generators.grafana.panel import Board, Panel, Query, t
from model.bilingual import Bilingual
from model.deployment import Deployment


def board(deployment: Deployment) -> Board:
    """Two rows of the same things, WSL above and Windows below."""
    limits = deployment.environment.alerts.thresholds
    memory = ((limits.memory_used, "red"),)
    windows_disk = (
        f"100 * (1 - windows_logical_disk_free_bytes{{{ON_HOST}}} / windows_logical_disk_size_bytes{{{ON_HOST}}})"
    )
    windows_memory = (
        f"100 * (1 - windows_memory_physical_free_bytes{{{ON_HOST}}}"
        f" / windows_memory_physical_total_bytes{{{ON_HOST}}})"
    )
    wsl_memory = f"100 * (1 - node_memory_MemAvailable_bytes{{{ON_HOST}}} / node_memory_MemTotal_bytes{{{ON_HOST}}})"
    idle = f'rate(node_cpu_seconds_total{{mode="idle", {ON_HOST}}}[$__rate_interval])'
    windows_idle = f'rate(windows_cpu_time_total{{mode="idle", {ON_HOST}}}[$__rate_interval])'
    return Board(
        "flatnet-hosts",
        t("Hosts", "ホスト"),
        (
            _busy("WSL", idle),
            _percent(t("Memory of WSL", "WSL のメモリ"), wsl_memory, "{{host}}", memory),
            _percent(t("Disks of WSL", "WSL のディスク"), WSL_DISK, "{{host}} {{mountpoint}}", disk_steps(deployment)),
            _busy("Windows", windows_idle),
            _percent(t("Memory of Windows", "Windows のメモリ"), windows_memory, "{{host}}", memory),
            _percent(
                t("Disks of Windows", "Windows のディスク"),
                windows_disk,
                "{{host}} {{volume}}",
                windows_disk_steps(deployment),
            ),
            Panel(
                "timeseries",
                t("Network of WSL", "WSL のネットワーク"),
                t("Bytes per second, received and sent.", "毎秒の受信・送信バイト数です。"),
                (
                    Query(_network("receive"), "{{host}} in"),
                    Query(_network("transmit"), "{{host}} out"),
                ),
                unit="Bps",
            ),
            Panel(
                "timeseries",
                t("Clock of WSL", "WSL の時計"),
                t("Distance from Prometheus's own clock.", "Prometheus の時計との差です。"),
                (Query(f"node_time_seconds{{{ON_HOST}}} - timestamp(node_time_seconds{{{ON_HOST}}})", "{{host}}"),),
                unit="s",
                steps=((limits.clock_skew.seconds, "red"),),
            ),
            Panel(
                "table",
                t("Services of Windows that do not run", "停止している Windows サービス"),
                t(
                    "Of those that we need; empty is good.",
                    "必要なサービスのうち停止しているものです。空なら正常です。",
                ),
                (
                    Query(
                        'windows_service_state{name=~"(?i)flatnet-gateway|windows_exporter|alloy", state="running", '
                        f"{ON_HOST}}} == 0"
                    ),
                ),
            ),
        ),
        (HOST,),
    )


def _network(direction: str) -> str:
    series = f'node_network_{direction}_bytes_total{{device!="lo", {ON_HOST}}}'
    return f"sum by (host) (rate({series}[$__rate_interval]))"


def _busy(side: str, idle: str) -> Panel:
    return Panel(
        "timeseries",
        t(f"Processors of {side}", f"{side} の CPU"),
        t("Busy part of all processors.", "全 CPU の使用率です。"),
        (Query(f"100 * (1 - avg by (host) ({idle}))", "{{host}}"),),
        unit="percent",
        maximum=100,
    )


def _percent(title: Bilingual, expr: str, legend: str, steps: tuple[tuple[float, str], ...]) -> Panel:
    return Panel(
        "timeseries",
        title,
        t("Used part.", "使用率です。"),
        (Query(expr, legend),),
        unit="percent",
        steps=steps,
        maximum=100,
    )

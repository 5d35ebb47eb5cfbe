"""The monitoring stack itself: who watches the watchers."""

from __future__ import annotations

from generators.grafana.dashboards.common import HOST, ON_HOST
from generators.grafana.panel import Board, Panel, Query, t
from model.bilingual import Bilingual
from model.deployment import Deployment


def board(_deployment: Deployment) -> Board:
    """From scraping through storing to telling."""
    return Board(
        "flatnet-monitoring",
        t("Monitoring", "監視基盤"),
        (
            Panel(
                "table",
                t("Targets that do not answer", "応答しないターゲット"),
                t("Empty is good.", "空なら正常です。"),
                (Query(f"up{{{ON_HOST}}} == 0"),),
            ),
            _lines(
                "Scrape duration",
                "スクレイプ時間",
                f"max by (job) (scrape_duration_seconds{{{ON_HOST}}})",
                "{{job}}",
                "s",
            ),
            _lines("Series", "系列数", "prometheus_tsdb_head_series", "{{host}}", "short"),
            _lines(
                "Storage of Prometheus",
                "Prometheus のストレージ",
                "prometheus_tsdb_storage_blocks_bytes",
                "{{host}}",
                "bytes",
            ),
            _lines(
                "Rule evaluation",
                "ルール評価時間",
                "max by (rule_group) (prometheus_rule_group_last_duration_seconds)",
                "{{rule_group}}",
                "s",
            ),
            _lines(
                "Notifications that failed",
                "失敗した通知",
                "sum by (integration) (rate(alertmanager_notifications_failed_total[$__rate_interval]))",
                "{{integration}}",
                "cps",
            ),
            _lines(
                "Notifications",
                "通知",
                "sum by (integration) (rate(alertmanager_notifications_total[$__rate_interval]))",
                "{{integration}}",
                "cps",
            ),
            _lines(
                "Bytes that Loki takes",
                "Loki の受信量",
                "sum(rate(loki_distributor_bytes_received_total[$__rate_interval]))",
                "Loki",
                "Bps",
            ),
            _lines(
                "Lines that Loki refuses",
                "Loki が拒否した行",
                "sum by (reason) (rate(loki_discarded_samples_total[$__rate_interval]))",
                "{{reason}}",
                "cps",
            ),
            _lines(
                "Bytes that collectors send",
                "収集エージェントの送信量",
                f"sum by (host, job) (rate(loki_write_sent_bytes_total{{{ON_HOST}}}[$__rate_interval]))",
                "{{host}} {{job}}",
                "Bps",
            ),
            _lines(
                "Lines that collectors drop",
                "収集エージェントが破棄した行",
                f"sum by (host, job) (rate(loki_write_dropped_entries_total{{{ON_HOST}}}[$__rate_interval]))",
                "{{host}} {{job}}",
                "cps",
            ),
            _lines(
                "Memory of the stack",
                "監視基盤のメモリ",
                f"max by (job) (process_resident_memory_bytes{{{ON_HOST}}})",
                "{{job}}",
                "bytes",
            ),
        ),
        (HOST,),
    )


def _lines(en: str, ja: str, expr: str, legend: str, unit: str) -> Panel:
    title: Bilingual = t(en, ja)
    description = t(f"{en}, as the programs themselves report.", f"{ja}です。各プログラム自身の値です。")
    return Panel("timeseries", title, description, (Query(expr, legend),), unit=unit)

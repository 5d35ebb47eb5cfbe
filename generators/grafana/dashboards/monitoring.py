"""The monitoring stack itself: who watches the watchers."""

from __future__ import annotations

from generators.grafana.dashboards.common import HOST, ON_HOST, per_second
from generators.grafana.panel import Board, Panel, Query, row, t
from model import names
from model.bilingual import Bilingual, in_words
from model.deployment import Deployment

_DOWN = (("job", t("Job", "ジョブ")), ("host", t("Host", "ホスト")), ("instance", t("Instance", "インスタンス")))

_PROMETHEUS = f'job="{names.JOB_PROMETHEUS}"'  # Loki has some of the same series of its own
_EVALUATION = (
    "topk(5, label_replace(100 * max by (rule_group) (prometheus_rule_group_last_duration_seconds"
    ' / prometheus_rule_group_interval_seconds), "group", "$1", "rule_group", ".*;(.*)"))'
)
# Only ways that are in use: Alertmanager counts for each that it knows.
_NOTIFICATIONS = (
    f"{per_second('alertmanager_notifications_total', 'integration', '')}"
    " and on (integration) (sum by (integration) (alertmanager_notifications_total) > 0)"
)
_RETAINED = "loki_compactor_apply_retention_last_successful_run_timestamp_seconds"
_LOKI_BEGAN = f'process_start_time_seconds{{job="{names.JOB_LOKI}"}}'


def board(deployment: Deployment) -> Board:
    """From scraping through storing to telling."""
    panels = (*_scraping(), *_prometheus(deployment), *_alertmanager(), *_loki(), *_collectors(), *_programs())
    return Board("flatnet-monitoring", t("Monitoring", "監視基盤"), panels, (HOST,))


def _scraping() -> tuple[Panel, ...]:
    return (
        row("Scraping", "収集"),
        Panel(
            "table",
            t("Targets that do not answer", "応答しないターゲット"),
            t("Empty is good.", "空なら正常です。"),
            (Query(f"up{{{ON_HOST}}} == 0", empty_is_good=True),),
            columns=_DOWN,
        ),
        _lines(
            t("Scrape duration", "スクレイプ時間"),
            t(
                "The slowest target of each job; a scrape is given up after 10 s.",
                "ジョブごとの最長です。10 秒で打ち切られます。",
            ),
            "s",
            (f"max by (job) (scrape_duration_seconds{{{ON_HOST}}})", "{{job}}"),
        ),
        _lines(
            t("Samples of a scrape", "スクレイプごとのサンプル数"),
            t("By job; a jump is a label without bounds.", "ジョブ別です。急増は、値の限られないラベルの徴候です。"),
            "short",
            (f"sum by (job) (scrape_samples_post_metric_relabeling{{{ON_HOST}}})", "{{job}}"),
        ),
    )


def _prometheus(deployment: Deployment) -> tuple[Panel, ...]:
    kept = deployment.environment.retention.metrics
    keep_en, keep_ja = in_words(kept.keep, "en"), in_words(kept.keep, "ja")
    trouble = ("wal_corruptions", "wal_writes_failed", "compactions_failed", "reloads_failures")
    return (
        row("Prometheus", "Prometheus"),
        _lines(
            t("Series in memory", "メモリ上の系列数"),
            t("Memory of Prometheus grows with them.", "Prometheus のメモリ使用量はこれに比例します。"),
            "short",
            (f"prometheus_tsdb_head_series{{{_PROMETHEUS}}}", "{{host}}"),
            width=6,
        ),
        Panel(
            "timeseries",
            t("Storage", "ストレージ"),
            t(
                f"Blocks and write-ahead log; above the line ({kept.max_size}) blocks go before {keep_en}.",
                f"ブロックと先行書き込みログです。線（{kept.max_size}）を超えると {keep_ja}を待たず削除されます。",
            ),
            (
                Query(f"prometheus_tsdb_storage_blocks_bytes{{{_PROMETHEUS}}}", "{{host}} blocks"),
                Query(f"prometheus_tsdb_wal_storage_size_bytes{{{_PROMETHEUS}}}", "{{host}} WAL"),
            ),
            unit="bytes",
            steps=((kept.max_size.bytes, "red"),),
            stacked=True,
            width=6,
        ),
        _lines(
            t("Trouble of the storage", "ストレージの障害"),
            t(
                "Corruptions, failed writes and failed compactions in 30 minutes.",
                "30 分間の破損・書き込み失敗・コンパクション失敗です。",
            ),
            "short",
            *(
                (f"increase(prometheus_tsdb_{name}_total{{{_PROMETHEUS}}}[30m])", name.replace("_", " "))
                for name in trouble
            ),
            width=6,
        ),
        _lines(
            t("Rule evaluation", "ルール評価"),
            t(
                "Share of their interval that the five slowest groups take; at 100 % evaluations are missed.",
                "評価の遅い 5 グループが評価間隔に占める時間です。100 % で評価が抜けます。",
            ),
            "percent",
            (_EVALUATION, "{{group}}"),
            width=6,
        ),
    )


def _alertmanager() -> tuple[Panel, ...]:
    return (
        row("Alertmanager", "Alertmanager"),
        _lines(
            t("Notifications", "通知"),
            t("Messages per second by the way that they take.", "経路別の毎秒通知数です。"),
            "cps",
            (_NOTIFICATIONS, "{{integration}}"),
        ),
        _lines(
            t("Notifications that failed", "失敗した通知"),
            t("Per second, and why.", "毎秒の失敗数と理由です。"),
            "cps",
            (
                per_second("alertmanager_notifications_failed_total", "integration, reason", "") + " > 0",
                "{{integration}} {{reason}}",
            ),
            empty_is_good=True,
        ),
        _lines(
            t("Alerts and silences", "アラートとサイレンス"),
            t("How many Alertmanager holds.", "Alertmanager が保持する件数です。"),
            "short",
            ("alertmanager_alerts", "alerts {{state}}"),
            ('alertmanager_silences{state="active"}', "silences"),
        ),
    )


def _loki() -> tuple[Panel, ...]:
    return (
        row("Loki", "Loki"),
        _lines(
            t("Bytes received", "受信量"),
            t("Bytes of log lines per second.", "毎秒のログのバイト数です。"),
            "Bps",
            (per_second("loki_distributor_bytes_received_total", "host", ""), "{{host}}"),
            width=6,
        ),
        _lines(
            t("Refused lines", "拒否した行"),
            t(
                "Per second by reason; refused for its rate, a line comes again, otherwise it is lost.",
                "理由別の毎秒行数です。流量による拒否は再送され、それ以外は失われます。",
            ),
            "cps",
            (per_second("loki_discarded_samples_total", "reason", ""), "{{reason}}"),
            width=6,
            empty_is_good=True,
        ),
        _lines(
            t("Open streams", "開いているストリーム"),
            t("A jump is a label without bounds.", "急増は、値の限られないラベルの徴候です。"),
            "short",
            ("sum by (host) (loki_ingester_memory_streams)", "{{host}}"),
            width=6,
        ),
        _lines(
            t("Time since retention was applied", "保存期間を最後に適用してからの時間"),
            t(
                "Or since Loki began. It deletes nothing while this grows.",
                "未適用なら Loki の起動からの時間です。増え続ける間は何も削除されません。",
            ),
            "s",
            (
                f"time() - (({_RETAINED} > 0) or on (host) {_LOKI_BEGAN})",
                "{{host}}",
            ),
            width=6,
        ),
    )


def _collectors() -> tuple[Panel, ...]:
    return (
        row("Collectors", "収集エージェント"),
        _lines(
            t("Bytes sent", "送信量"),
            t("Bytes of log lines per second by collector.", "収集エージェント別の毎秒バイト数です。"),
            "Bps",
            (per_second("loki_write_sent_bytes_total", "host, job"), "{{host}} {{job}}"),
        ),
        _lines(
            t("Repeated sendings", "再送"),
            t(
                "Batches per second; they end when Loki answers again.",
                "毎秒の再送数です。Loki が応答すると収まります。",
            ),
            "cps",
            (per_second("loki_write_batch_retries_total", "host, job"), "{{host}} {{job}}"),
        ),
        _lines(
            t("Dropped lines", "破棄した行"),
            t("Per second and why; these are lost.", "毎秒の行数と理由です。これらは失われます。"),
            "cps",
            (
                per_second("loki_write_dropped_entries_total", "host, job, reason") + " > 0",
                "{{host}} {{job}} {{reason}}",
            ),
            empty_is_good=True,
        ),
    )


def _programs() -> tuple[Panel, ...]:
    grafana = f'job="{names.JOB_GRAFANA}"'
    return (
        row("Programs", "プログラム"),
        _lines(
            t("Memory", "メモリ"),
            t(
                "Resident memory by job; each container has a limit.",
                "ジョブ別の常駐メモリです。各コンテナに上限があります。",
            ),
            "bytes",
            (f"max by (job, host) (process_resident_memory_bytes{{{ON_HOST}}})", "{{host}} {{job}}"),
        ),
        _lines(
            t("Processors", "CPU"),
            t("Busy processors by job.", "ジョブ別の CPU 使用量（コア数）です。"),
            "none",
            (per_second("process_cpu_seconds_total", "job, host"), "{{host}} {{job}}"),
        ),
        _lines(
            t("Requests to Grafana", "Grafana へのリクエスト"),
            t("Per second by status.", "ステータス別の毎秒リクエスト数です。"),
            "reqps",
            (per_second("grafana_http_request_duration_seconds_count", "status_code", grafana), "{{status_code}}"),
        ),
    )


def _lines(
    title: Bilingual,
    description: Bilingual,
    unit: str,
    *queries: tuple[str, str],
    width: int = 8,
    empty_is_good: bool = False,
) -> Panel:
    found = tuple(Query(expr, legend, empty_is_good) for expr, legend in queries)
    return Panel("timeseries", title, description, found, unit=unit, width=width)

"""The system at a glance."""

from __future__ import annotations

from generators.grafana.dashboards.common import HOST, ON_HOST, WSL_DISK, disk_steps
from generators.grafana.panel import LOKI, Board, Panel, Query, t
from model import names
from model.deployment import Deployment

_BAD_BELOW_ONE = ((0.0, "red"), (1.0, "green"))


def board(deployment: Deployment) -> Board:
    """The first page that somebody opens."""
    limits = deployment.environment.alerts.thresholds
    ratio = limits.gateway_error_ratio
    requests = f"{names.GATEWAY_REQUESTS}{{{ON_HOST}}}"
    failed = f'{names.GATEWAY_REQUESTS}{{status="5xx", {ON_HOST}}}'
    buckets = f"{names.GATEWAY_DURATION}_bucket{{{ON_HOST}}}"
    return Board(
        "flatnet-overview",
        t("Overview", "全体"),
        (
            Panel(
                "table",
                t("Firing alerts", "発報中のアラート"),
                t("Every alert that fires now; empty is good.", "現在発報中のアラートです。空なら正常です。"),
                (Query('ALERTS{alertstate="firing", alertname!="Watchdog"}'),),
                width=16,
            ),
            Panel(
                "stat",
                t("Sites", "サイト"),
                t("Whether each site answers over TLS.", "各サイトが TLS で応答しているかどうかです。"),
                (Query(f'probe_success{{job="{names.JOB_PROBE_TLS}"}}', "{{site}}"),),
                unit="bool_on_off",
                steps=_BAD_BELOW_ONE,
            ),
            Panel(
                "timeseries",
                t("Requests", "リクエスト"),
                t("Requests per second by site.", "サイト別の毎秒リクエスト数です。"),
                (Query(f"sum by (site) (rate({requests}[$__rate_interval]))", "{{site}}"),),
                unit="reqps",
            ),
            Panel(
                "timeseries",
                t("Error ratio", "エラー率"),
                t("Share of 5xx answers by site.", "サイト別の 5xx 応答の割合です。"),
                (
                    Query(
                        f"100 * sum by (site) (rate({failed}[$__rate_interval]))"
                        f" / sum by (site) (rate({requests}[$__rate_interval]))",
                        "{{site}}",
                    ),
                ),
                unit="percent",
                steps=((ratio, "red"),),
            ),
            Panel(
                "timeseries",
                t("Answer time (p95)", "応答時間（p95）"),
                t(
                    "95 % of the requests are answered within this time.",
                    "リクエストの 95 % がこの時間内に応答されています。",
                ),
                (
                    Query(
                        f"histogram_quantile(0.95, sum by (site, le) (rate({buckets}[$__rate_interval])))", "{{site}}"
                    ),
                ),
                unit="s",
                steps=((limits.gateway_latency_p95.seconds, "red"),),
            ),
            Panel(
                "bargauge",
                t("Disks of WSL", "WSL のディスク"),
                t("Used part of each disk.", "各ディスクの使用率です。"),
                (Query(WSL_DISK, "{{host}} {{mountpoint}}"),),
                unit="percent",
                steps=disk_steps(deployment),
                maximum=100,
            ),
            Panel(
                "stat",
                t("Running containers", "稼働中のコンテナ"),
                t("Containers that run, by host.", "ホスト別の稼働中コンテナ数です。"),
                (Query(f"count by (host) (podman_container_state{{{ON_HOST}}} == 2)", "{{host}}"),),
            ),
            Panel(
                "stat",
                t("Age of the last good backup", "最後に成功したバックアップからの時間"),
                t("The oldest part of each host.", "ホストごとに最も古いものです。"),
                (Query(f"time() - min by (host) ({names.BACKUP_LAST_SUCCESS}{{{ON_HOST}}})", "{{host}}"),),
                unit="s",
                steps=((limits.backup_age.seconds, "red"),),
            ),
            Panel(
                "timeseries",
                t("Errors in logs", "ログのエラー"),
                t("Lines of level error or worse by component.", "エラー以上のログ行数（対象別）です。"),
                (
                    Query(
                        'sum by (component) (count_over_time({kind=~".+", host=~"$host", level=~"ERROR|FATAL"}'
                        " [$__auto]))",
                        "{{component}}",
                    ),
                ),
                source=LOKI,
                width=24,
                stacked=True,
            ),
        ),
        (HOST,),
    )

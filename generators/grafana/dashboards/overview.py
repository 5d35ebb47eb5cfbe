"""The system at a glance."""

from __future__ import annotations

from generators.grafana.dashboards.common import (
    HOST,
    ON_HOST,
    RUNNING,
    WINDOWS_DISK,
    WSL_DISK,
    disk_steps,
    error_percent,
    per_second,
    quantile,
    windows_disk_steps,
)
from generators.grafana.panel import LOKI, UP, Board, Link, Panel, Query, t
from model import names
from model.deployment import Deployment

_FIRING = (
    ("severity", t("Severity", "重大度")),
    ("alertname", t("Alert", "アラート")),
    ("component", t("Component", "対象")),
    ("host", t("Host", "ホスト")),
    ("site", t("Site", "サイト")),
)


def board(deployment: Deployment) -> Board:
    """The first page that somebody opens: is anything wrong, do the sites work, what will be wrong next."""
    environment = deployment.environment
    handbook = f"{environment.notifications.runbooks}/{environment.language}/README.md"
    return Board(
        "flatnet-overview",
        t("Overview", "全体"),
        (*_now(), *_sites(deployment), *_hosts(deployment)),
        (HOST,),
        (
            Link(t("Handbook", "ハンドブック"), handbook),
            Link(t("Silences", "サイレンス"), "/alerting/silences?alertmanager=Alertmanager"),
        ),
    )


def _now() -> tuple[Panel, ...]:
    return (
        Panel(
            "table",
            t("Firing alerts", "発報中のアラート"),
            t(
                "Alerts on measurements that fire now; empty is good. Those on logs are in the count beside.",
                "計測値に対する発報中のアラートです。空なら正常です。ログに対するものは右の件数に含まれます。",
            ),
            (Query(f'ALERTS{{alertstate="firing", alertname!="{names.WATCHDOG}"}}', empty_is_good=True),),
            columns=_FIRING,
            width=14,
        ),
        Panel(
            "stat",
            t("Alerts in Alertmanager", "Alertmanager のアラート"),
            t(
                "Active and silenced or inhibited ones; the dead man's switch, which is always active, is one of them.",
                "有効なものと抑止中のものの件数です。常に有効な死活監視用のアラート 1 件を含みます。",
            ),
            (Query('sum by (state) (alertmanager_alerts{state=~"active|suppressed"})', "{{state}}"),),
            decimals=0,
            width=4,
        ),
        Panel(
            "state-timeline",
            t("Sites", "サイト"),
            t("Whether each site answered over TLS.", "各サイトが TLS で応答していたかどうかです。"),
            (Query(f'min by (site) (probe_success{{job="{names.JOB_PROBE_TLS}", {ON_HOST}}})', "{{site}}"),),
            unit="none",
            words=UP,
            width=6,
        ),
    )


def _sites(deployment: Deployment) -> tuple[Panel, ...]:
    limits = deployment.environment.alerts.thresholds
    return (
        Panel(
            "timeseries",
            t("Requests", "リクエスト"),
            t("Requests per second by site.", "サイト別の毎秒リクエスト数です。"),
            (Query(per_second(names.GATEWAY_REQUESTS, "site"), "{{site}}"),),
            unit="reqps",
        ),
        Panel(
            "timeseries",
            t("Error ratio", "エラー率"),
            t("Share of 5xx answers by site.", "サイト別の 5xx 応答の割合です。"),
            (Query(error_percent(), "{{site}}"),),
            unit="percent",
            steps=((limits.gateway_error_ratio, "red"),),
        ),
        Panel(
            "timeseries",
            t("Answer time (p95)", "応答時間（p95）"),
            t(
                "95 % of the requests are answered within this time.",
                "リクエストの 95 % がこの時間内に応答されています。",
            ),
            (Query(quantile(0.95, names.GATEWAY_DURATION, "site"), "{{site}}"),),
            unit="s",
            steps=((limits.gateway_latency_p95.seconds, "red"),),
        ),
        Panel(
            "timeseries",
            t("Errors in logs", "ログのエラー"),
            t("Lines of level ERROR or FATAL by component.", "ERROR と FATAL のログ行数（対象別）です。"),
            tuple(
                Query(
                    f'sum by (component) (count_over_time({{level="{level}", {ON_HOST}}} [$__auto]))',
                    f"{{{{component}}}} {level}",
                    empty_is_good=True,
                )
                for level in ("ERROR", "FATAL")
            ),
            source=LOKI,
            width=18,
            stacked=True,
        ),
        Panel(
            "stat",
            t("Certificates", "証明書の残り期間"),
            t("Time until each site's certificate ends.", "各サイトの証明書の期限までの時間です。"),
            (Query(f"min by (site) (probe_ssl_earliest_cert_expiry{{{ON_HOST}}}) - time()", "{{site}}"),),
            unit="s",
            below="red",
            steps=(
                (limits.certificate_critical.seconds, "orange"),
                (limits.certificate_warning.seconds, "green"),
            ),
            width=6,
        ),
    )


def _hosts(deployment: Deployment) -> tuple[Panel, ...]:
    limits = deployment.environment.alerts.thresholds
    return (
        Panel(
            "bargauge",
            t("Disks of WSL", "WSL のディスク"),
            t("Used part of each disk.", "各ディスクの使用率です。"),
            (Query(WSL_DISK, "{{host}} {{mountpoint}}"),),
            unit="percent",
            steps=disk_steps(deployment),
            maximum=100,
            width=6,
        ),
        Panel(
            "bargauge",
            t("Disks of Windows", "Windows のディスク"),
            t(
                "Used part of each drive; one of them holds the disk of WSL as a file that grows.",
                "各ドライブの使用率です。そのうち 1 つに、WSL のディスクが大きくなるファイルとして置かれています。",
            ),
            (Query(WINDOWS_DISK, "{{host}} {{volume}}"),),
            unit="percent",
            steps=windows_disk_steps(deployment),
            maximum=100,
            width=6,
        ),
        Panel(
            "stat",
            t("Running containers", "稼働中のコンテナ"),
            t("Containers that run, by host.", "ホスト別の稼働中コンテナ数です。"),
            (Query(RUNNING, "{{host}}"),),
            decimals=0,
            width=4,
        ),
        Panel(
            "stat",
            t("Since the last good backup", "直近のバックアップ成功からの時間"),
            t("Of the part of each host that was backed up longest ago.", "ホストごとに最も古いものです。"),
            (Query(f"time() - min by (host) ({names.BACKUP_LAST_SUCCESS}{{{ON_HOST}}})", "{{host}}"),),
            unit="s",
            steps=((limits.backup_age.seconds, "red"),),
            width=4,
        ),
        Panel(
            "stat",
            t("Since the last good drill", "直近の復元テスト成功からの時間"),
            t("Of the part of each host that was proved longest ago.", "ホストごとに最も古いものです。"),
            (Query(f"time() - min by (host) ({names.RESTORE_DRILL_LAST_SUCCESS}{{{ON_HOST}}})", "{{host}}"),),
            unit="s",
            steps=((limits.restore_drill_age.seconds, "red"),),
            width=4,
        ),
    )

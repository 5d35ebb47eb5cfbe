"""The CNI plugin: addresses, operations, failures, registration."""

from __future__ import annotations

from generators.grafana.dashboards.common import HOST, ON_HOST
from generators.grafana.panel import Board, Panel, Query, t
from model import names
from model.deployment import Deployment

_UNOBSERVED = Panel(
    "text",
    t("Operations are not observed", "操作は記録されていません"),
    t(
        "The observing shim is switched off (`cni.observe: false`): only failed operations that the journal holds are "
        "counted, and none has a duration.",
        "観測用シムが無効です（`cni.observe: false`）。ジャーナルに残る失敗だけが数えられ、所要時間は記録されません。",
    ),
    (),
    width=24,
    height=3,
)


def board(deployment: Deployment) -> Board:
    """Addresses first: a full pool stops every new container."""
    limits = deployment.environment.alerts.thresholds
    used = f'{names.CNI_ADDRESSES}{{state="used", {ON_HOST}}}'
    total = f"sum by (host) ({names.CNI_ADDRESSES}{{{ON_HOST}}})"
    operations = f"{names.CNI_OPERATIONS}{{{ON_HOST}}}[$__rate_interval]"
    duration = f"{names.CNI_DURATION}_bucket{{{ON_HOST}}}[$__rate_interval]"
    return Board(
        "flatnet-cni",
        t("CNI", "CNI"),
        (
            *(() if deployment.environment.cni.observe else (_UNOBSERVED,)),
            Panel(
                "bargauge",
                t("Address pool", "アドレスプール"),
                t("Used part of each host's container addresses.", "ホストごとのコンテナアドレスの使用率です。"),
                (Query(f"100 * sum by (host) ({used}) / {total}", "{{host}}"),),
                unit="percent",
                steps=((limits.address_pool_used, "red"),),
                maximum=100,
            ),
            Panel(
                "timeseries",
                t("Addresses", "アドレス"),
                t("Used and free addresses.", "使用中と空きのアドレス数です。"),
                (Query(f"{names.CNI_ADDRESSES}{{{ON_HOST}}}", "{{host}} {{state}}"),),
            ),
            Panel(
                "timeseries",
                t("Inconsistent addresses", "不整合なアドレス"),
                t("Addresses that containers and state disagree on.", "状態とコンテナが食い違うアドレスです。"),
                (Query(f"{names.CNI_ADDRESSES_INCONSISTENT}{{{ON_HOST}}}", "{{host}} {{kind}}"),),
            ),
            Panel(
                "timeseries",
                t("Operations", "操作"),
                t("ADD, DEL and CHECK per second by outcome.", "結果別の毎秒 ADD・DEL・CHECK 数です。"),
                (Query(f"sum by (command, outcome) (rate({operations}))", "{{command}} {{outcome}}"),),
                unit="ops",
            ),
            Panel(
                "timeseries",
                t("Failures by code", "コード別の失敗"),
                t("CNI error codes of failed operations.", "失敗した操作の CNI エラーコードです。"),
                (
                    Query(
                        f"sum by (command, code) (rate({names.CNI_FAILURES}{{{ON_HOST}}}[$__rate_interval]))",
                        "{{command}} {{code}}",
                    ),
                ),
                unit="ops",
            ),
            Panel(
                "timeseries",
                t("Duration (p95)", "所要時間（p95）"),
                t("How long the plugin takes.", "プラグインの所要時間です。"),
                (Query(f"histogram_quantile(0.95, sum by (command, le) (rate({duration})))", "{{command}}"),),
                unit="s",
            ),
            Panel(
                "timeseries",
                t("Failed registrations", "登録の失敗"),
                t("Containers that a Gateway was not told of.", "Gateway に通知できなかったコンテナです。"),
                (
                    Query(
                        f"sum by (host) (rate({names.CNI_REGISTRATION_FAILURES}{{{ON_HOST}}}[$__rate_interval]))",
                        "{{host}}",
                    ),
                ),
                unit="ops",
            ),
            Panel(
                "stat",
                t("Plugin", "プラグイン"),
                t("Binary and configuration are there and usable.", "バイナリと設定が使える状態かどうかです。"),
                (Query(f"{names.CNI_PLUGIN_READY}{{{ON_HOST}}}", "{{host}} {{part}}"),),
                unit="bool_on_off",
                steps=((0.0, "red"), (1.0, "green")),
            ),
            Panel(
                "timeseries",
                t("Containers", "コンテナ"),
                t("Containers that run, by host.", "ホスト別の稼働中コンテナ数です。"),
                (Query(f"count by (host) (podman_container_state{{{ON_HOST}}} == 2)", "{{host}}"),),
            ),
        ),
        (HOST,),
    )

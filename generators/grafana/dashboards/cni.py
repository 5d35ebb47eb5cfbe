"""The CNI plugin: addresses, operations, failures, registration."""

from __future__ import annotations

from generators.grafana.dashboards.common import ON_HOST, RUNNING, host_of, per_second, quantile
from generators.grafana.panel import UP, Board, Panel, Query, row, t
from model import names
from model.deployment import Deployment

_UNOBSERVED = Panel(
    "text",
    t("Operations are not observed", "操作は記録されていません"),
    t(
        "The observing shim is switched off (`cni.observe: false`): only failed operations that the journal holds are "
        "counted, without their codes; neither durations nor failed registrations are known.",
        "観測用シムが無効です（`cni.observe: false`）。ジャーナルに残る失敗だけがコードなしで数えられ、"
        "所要時間と登録の失敗は分かりません。",
    ),
    width=24,
    height=3,
)


def board(deployment: Deployment) -> Board:
    """Addresses first: a full pool stops every new container."""
    heading = row("Operations of the plugin", "プラグインの操作")
    observed = deployment.environment.cni.observe
    operations = (*_operations(), _FAILURES, _UNREGISTERED) if observed else (_UNOBSERVED, _FAILURES)
    panels = (*_addresses(deployment), heading, *operations)
    return Board("flatnet-cni", t("CNI", "CNI"), panels, (host_of(names.CNI_COLLECTED),))


def _addresses(deployment: Deployment) -> tuple[Panel, ...]:
    limits = deployment.environment.alerts.thresholds
    used = f'sum by (host) ({names.CNI_ADDRESSES}{{state="used", {ON_HOST}}})'
    total = f"sum by (host) ({names.CNI_ADDRESSES}{{{ON_HOST}}})"
    return (
        row("Containers and addresses", "コンテナとアドレス"),
        Panel(
            "bargauge",
            t("Address pool", "アドレスプール"),
            t("Used part of each host's container addresses.", "ホストごとのコンテナアドレスの使用率です。"),
            (Query(f"100 * {used} / ({total} > 0)", "{{host}}"),),
            unit="percent",
            steps=((limits.address_pool_used, "red"),),
            maximum=100,
        ),
        Panel(
            "timeseries",
            t("Addresses", "アドレス"),
            t("Used and free addresses.", "使用中と空きのアドレス数です。"),
            (Query(f"{names.CNI_ADDRESSES}{{{ON_HOST}}}", "{{host}} {{state}}"),),
            decimals=0,
            stacked=True,
        ),
        Panel(
            "timeseries",
            t("Running containers", "稼働中のコンテナ"),
            t("Containers that run, by host.", "ホスト別の稼働中コンテナ数です。"),
            (Query(RUNNING, "{{host}}"),),
            decimals=0,
        ),
        Panel(
            "timeseries",
            t("Inconsistent addresses", "不整合なアドレス"),
            t(
                "duplicate: given twice; no_container: its container is gone; no_address: a container without one.",
                "duplicate: 二重割り当て、no_container: コンテナのないアドレス、no_address: アドレスのないコンテナ。",
            ),
            (Query(f"{names.CNI_ADDRESSES_INCONSISTENT}{{{ON_HOST}}}", "{{host}} {{kind}}"),),
            decimals=0,
            steps=((1, "red"),),
        ),
        Panel(
            "stat",
            t("Plugin", "プラグイン"),
            t(
                "Whether the plugin's parts, the file of addresses and Podman are usable.",
                "プラグインの各部分・アドレスのファイル・Podman が使えるかどうかです。",
            ),
            (
                Query(f"{names.CNI_PLUGIN_READY}{{{ON_HOST}}}", "{{host}} {{part}}"),
                Query(f"{names.CNI_ALLOCATIONS_READABLE}{{{ON_HOST}}}", "{{host}} allocations"),
                Query(f"{names.CNI_PODMAN_READABLE}{{{ON_HOST}}}", "{{host}} podman"),
            ),
            unit="none",
            below="red",
            steps=((1, "green"),),
            words=UP,
        ),
        Panel(
            "stat",
            t("Age of the file of addresses", "アドレスのファイルの経過時間"),
            t(
                "Time since a container last got or gave back an address.",
                "コンテナが最後にアドレスを取得または返却してからの時間です。",
            ),
            (Query(f"time() - {names.CNI_ALLOCATIONS_MODIFIED}{{{ON_HOST}}}", "{{host}}"),),
            unit="s",
        ),
    )


def _operations() -> tuple[Panel, ...]:
    return (
        Panel(
            "timeseries",
            t("Operations", "操作"),
            t("ADD, DEL and CHECK per second by outcome.", "結果別の毎秒 ADD・DEL・CHECK 数です。"),
            (Query(per_second(names.CNI_OPERATIONS, "command, outcome"), "{{command}} {{outcome}}"),),
            unit="ops",
            width=12,
        ),
        Panel(
            "timeseries",
            t("Duration (p95)", "所要時間（p95）"),
            t("95 % of the operations are done within this time.", "操作の 95 % がこの時間内に終わっています。"),
            (Query(quantile(0.95, names.CNI_DURATION, "command"), "{{command}}"),),
            unit="s",
            width=12,
        ),
    )


_FAILURES = Panel(
    "timeseries",
    t("Failures by code", "コード別の失敗"),
    t(
        "CNI error codes of failed operations, per second; signal and killed: the plugin was ended; unknown: no code.",
        "失敗した操作の毎秒件数（CNI エラーコード別）です。signal・killed は強制終了、unknown はコードなしです。",
    ),
    (Query(per_second(names.CNI_FAILURES, "command, code"), "{{command}} {{code}}"),),
    unit="ops",
    width=12,
)
_UNREGISTERED = Panel(
    "timeseries",
    t("Failed registrations", "登録の失敗"),
    t(
        "Containers that a Gateway could not be told of, per second.",
        "Gateway に通知できなかったコンテナの毎秒件数です。",
    ),
    (Query(per_second(names.CNI_REGISTRATION_FAILURES, "host"), "{{host}}"),),
    unit="ops",
    width=12,
)

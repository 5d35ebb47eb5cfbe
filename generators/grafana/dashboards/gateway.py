"""The Gateway: requests, latency, upstreams, connections, and what Flatnet's modules say of themselves."""

from __future__ import annotations

from generators.grafana.dashboards.common import ON_HOST, error_percent, host_of, per_second, quantile
from generators.grafana.panel import UP, Board, Panel, Query, Variable, row, t
from model import names
from model.deployment import Deployment

_SITE = Variable("site", t("Site", "サイト"), "site", names.GATEWAY_REQUESTS)
_OF = f'{ON_HOST}, site=~"$site"'


def board(deployment: Deployment) -> Board:
    """Requests first, then what they lead to, then the Gateway itself."""
    panels = (*_requests(deployment), *_upstreams(), *_platform(deployment), *_modules())
    return Board("flatnet-gateway", t("Gateway", "Gateway"), panels, (host_of(names.GATEWAY_CONFIG_OK), _SITE))


def _requests(deployment: Deployment) -> tuple[Panel, ...]:
    limits = deployment.environment.alerts.thresholds
    return (
        row("Requests", "リクエスト"),
        Panel(
            "timeseries",
            t("Requests by status", "ステータス別リクエスト"),
            t("Requests per second by class of status.", "ステータス区分別の毎秒リクエスト数です。"),
            (Query(per_second(names.GATEWAY_REQUESTS, "status", _OF), "{{status}}"),),
            unit="reqps",
            stacked=True,
        ),
        Panel(
            "timeseries",
            t("Error ratio", "エラー率"),
            t("Share of 5xx answers by site.", "サイト別の 5xx 応答の割合です。"),
            (Query(error_percent(_OF), "{{site}}"),),
            unit="percent",
            steps=((limits.gateway_error_ratio, "red"),),
        ),
        Panel(
            "timeseries",
            t("Bytes", "転送量"),
            t("Bytes per second by direction.", "方向別の毎秒転送量です。"),
            (Query(per_second(names.GATEWAY_BYTES, "direction", _OF), "{{direction}}"),),
            unit="Bps",
        ),
        Panel(
            "heatmap",
            t("Distribution of answer times", "応答時間の分布"),
            t("How many requests take how long.", "応答時間ごとのリクエスト数です。"),
            (Query(per_second(names.GATEWAY_DURATION + "_bucket", "le", _OF), "{{le}}"),),
            unit="s",
            width=12,
        ),
        Panel(
            "timeseries",
            t("Percentiles of answer times", "応答時間のパーセンタイル"),
            t("50, 95 and 99 % are answered within these times.", "50・95・99 % がこの時間内に応答されています。"),
            tuple(
                Query(quantile(share, names.GATEWAY_DURATION, "", _OF), f"p{round(share * 100)}")
                for share in (0.5, 0.95, 0.99)
            ),
            unit="s",
            steps=((limits.gateway_latency_p95.seconds, "red"),),
            width=12,
        ),
    )


def _upstreams() -> tuple[Panel, ...]:
    return (
        row("Upstreams", "アップストリーム"),
        Panel(
            "state-timeline",
            t("State", "状態"),
            t(
                "Whether the containers behind the sites answered.",
                "サイトの背後のコンテナが応答していたかどうかです。",
            ),
            (Query(f"{names.GATEWAY_UPSTREAM_UP}{{{ON_HOST}}}", "{{host}} {{upstream}}"),),
            unit="none",
            words=UP,
        ),
        Panel(
            "timeseries",
            t("Answer times (p95)", "応答時間（p95）"),
            t("95 % of a container's answers come within this time.", "コンテナの応答の 95 % がこの時間内です。"),
            (Query(quantile(0.95, names.GATEWAY_UPSTREAM_DURATION, "upstream"), "{{upstream}}"),),
            unit="s",
        ),
        Panel(
            "timeseries",
            t("Errors", "エラー"),
            t("Failed attempts to reach a container, per second.", "コンテナへの接続・応答の毎秒失敗数です。"),
            (Query(per_second(names.GATEWAY_UPSTREAM_ERRORS, "upstream"), "{{upstream}}"),),
            unit="cps",
        ),
    )


def _platform(deployment: Deployment) -> tuple[Panel, ...]:
    limits = deployment.environment.alerts.thresholds
    active = f'{names.GATEWAY_CONNECTIONS}{{state="active", {ON_HOST}}}'
    limit = f"{names.GATEWAY_CONNECTIONS_LIMIT}{{{ON_HOST}}}"
    used = f"100 * (1 - {names.GATEWAY_DICT_FREE}{{{ON_HOST}}} / ({names.GATEWAY_DICT_SIZE}{{{ON_HOST}}} > 0))"
    return (
        row("nginx", "nginx"),
        Panel(
            "timeseries",
            t("Connections", "接続"),
            t(
                "Connections by state, and what the platform can hold.",
                "状態別の接続数と、プラットフォームの上限です。",
            ),
            (
                Query(f"{names.GATEWAY_CONNECTIONS}{{{ON_HOST}}}", "{{host}} {{state}}"),
                Query(limit, "{{host}} limit"),
            ),
        ),
        Panel(
            "bargauge",
            t("Connections against the limit", "上限に対する接続数"),
            t(
                "OpenResty for Windows holds about a thousand; a proxied request needs two.",
                "Windows 版 OpenResty の上限は約千で、中継するリクエスト 1 件に 2 つ使います。",
            ),
            (Query(f"100 * {active} / ignoring (state) ({limit} > 0)", "{{host}}"),),
            unit="percent",
            steps=((limits.gateway_connections, "red"),),
            maximum=100,
        ),
        Panel(
            "bargauge",
            t("Shared dicts", "共有辞書"),
            t("Used part of each Lua shared dict.", "Lua 共有辞書の使用率です。"),
            (Query(used, "{{host}} {{dict}}"),),
            unit="percent",
            steps=((limits.gateway_dict_used, "red"),),
            maximum=100,
        ),
    )


def _modules() -> tuple[Panel, ...]:
    return (
        row("Flatnet's modules", "Flatnet のモジュール"),
        Panel(
            "stat",
            t("Configuration and status", "設定と状態"),
            t(
                "Whether the last configuration was loaded, and whether /api/status could be read.",
                "最後の設定を読み込めたか、/api/status を読めたかを示します。",
            ),
            (
                Query(f"{names.GATEWAY_CONFIG_OK}{{{ON_HOST}}}", "{{host}} nginx.conf"),
                Query(f"{names.GATEWAY_STATUS_UP}{{{ON_HOST}}}", "{{host}} /api/status"),
            ),
            unit="none",
            below="red",
            steps=((1, "green"),),
            words=UP,
            width=6,
        ),
        Panel(
            "timeseries",
            t("Registered containers", "登録済みコンテナ"),
            t("Containers that the Gateway knows.", "Gateway が把握しているコンテナ数です。"),
            (Query(f"{names.GATEWAY_CONTAINERS}{{{ON_HOST}}}", "{{host}}"),),
            decimals=0,
            width=6,
        ),
        Panel(
            "timeseries",
            t("Peers and direct paths", "ピアと直接経路"),
            t(
                "Gateways that it synchronises with, and active P2P paths.",
                "同期相手の Gateway と有効な P2P 経路の数です。",
            ),
            (
                Query(f"{names.GATEWAY_SYNC_PEERS}{{{ON_HOST}}}", "{{host}} sync"),
                Query(f"{names.GATEWAY_P2P_PATHS}{{{ON_HOST}}}", "{{host}} P2P"),
            ),
            decimals=0,
            width=6,
        ),
        Panel(
            "timeseries",
            t("Escalations", "エスカレーション"),
            t("Connections between hosts by the state of their path.", "ホスト間接続の経路の状態別件数です。"),
            (Query(f"{names.GATEWAY_ESCALATIONS}{{{ON_HOST}}}", "{{host}} {{state}}"),),
            decimals=0,
            stacked=True,
            width=6,
        ),
    )

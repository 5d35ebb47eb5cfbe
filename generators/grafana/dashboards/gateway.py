"""The Gateway: requests, latency, upstreams, connections, and what Flatnet's modules say of themselves."""

from __future__ import annotations

from generators.grafana.dashboards.common import HOST, ON_HOST
from generators.grafana.panel import Board, Panel, Query, Variable, t
from model import names
from model.deployment import Deployment

_SITE = Variable("site", t("Site", "サイト"), f"label_values({names.GATEWAY_REQUESTS}, site)")
_OF = f'{ON_HOST}, site=~"$site"'


def _rate(series: str, by: str, selector: str = _OF) -> str:
    return f"sum by ({by}) (rate({series}{{{selector}}}[$__rate_interval]))"


def _quantile(series: str, share: float, by: str, selector: str) -> str:
    return f"histogram_quantile({share}, {_rate(series + '_bucket', f'{by}, le', selector)})"


def board(deployment: Deployment) -> Board:
    """Requests first, then what they lead to, then the Gateway itself."""
    limits = deployment.environment.alerts.thresholds
    used = f"100 * (1 - {names.GATEWAY_DICT_FREE}{{{ON_HOST}}} / {names.GATEWAY_DICT_SIZE}{{{ON_HOST}}})"
    active = f'{names.GATEWAY_CONNECTIONS}{{state="active", {ON_HOST}}}'
    return Board(
        "flatnet-gateway",
        t("Gateway", "Gateway"),
        (
            Panel(
                "timeseries",
                t("Requests by status", "ステータス別リクエスト"),
                t("Requests per second by class of status.", "ステータス区分別の毎秒リクエスト数です。"),
                (Query(_rate(names.GATEWAY_REQUESTS, "status"), "{{status}}"),),
                unit="reqps",
                stacked=True,
            ),
            Panel(
                "heatmap",
                t("Distribution of answer times", "応答時間の分布"),
                t("How many requests take how long.", "応答時間ごとのリクエスト数です。"),
                (Query(_rate(names.GATEWAY_DURATION + "_bucket", "le"), "{{le}}"),),
            ),
            Panel(
                "timeseries",
                t("Percentiles of answer times", "応答時間のパーセンタイル"),
                t("50, 95 and 99 % are answered within these times.", "50・95・99 % がこの時間内に応答されています。"),
                tuple(
                    Query(
                        f"histogram_quantile({share}, {_rate(names.GATEWAY_DURATION + '_bucket', 'le')})",
                        f"p{round(share * 100)}",
                    )
                    for share in (0.5, 0.95, 0.99)
                ),
                unit="s",
                steps=((limits.gateway_latency_p95.seconds, "red"),),
            ),
            Panel(
                "stat",
                t("Upstreams", "アップストリーム"),
                t(
                    "Whether the containers behind the sites answer.",
                    "サイトの背後のコンテナが応答しているかどうかです。",
                ),
                (Query(f"{names.GATEWAY_UPSTREAM_UP}{{{ON_HOST}}}", "{{host}} {{upstream}}"),),
                unit="bool_on_off",
                steps=((0.0, "red"), (1.0, "green")),
            ),
            Panel(
                "timeseries",
                t("Upstream answer times (p95)", "アップストリームの応答時間（p95）"),
                t("How long containers take.", "コンテナの応答時間です。"),
                (Query(_quantile(names.GATEWAY_UPSTREAM_DURATION, 0.95, "upstream", ON_HOST), "{{upstream}}"),),
                unit="s",
            ),
            Panel(
                "timeseries",
                t("Upstream errors", "アップストリームのエラー"),
                t("Failed attempts per second.", "毎秒の失敗回数です。"),
                (Query(_rate(names.GATEWAY_UPSTREAM_ERRORS, "upstream", ON_HOST), "{{upstream}}"),),
                unit="cps",
            ),
            Panel(
                "timeseries",
                t("Connections", "接続"),
                t("Connections by state.", "状態別の接続数です。"),
                (Query(f"{names.GATEWAY_CONNECTIONS}{{{ON_HOST}}}", "{{host}} {{state}}"),),
            ),
            Panel(
                "bargauge",
                t("Connections, of what the platform holds", "接続数（上限に対する割合）"),
                t("OpenResty for Windows holds about a thousand.", "Windows 版 OpenResty の上限は約千です。"),
                (Query(f"100 * {active} / on (host) {names.GATEWAY_CONNECTIONS_LIMIT}{{{ON_HOST}}}", "{{host}}"),),
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
            Panel(
                "timeseries",
                t("Bytes", "転送量"),
                t("Bytes per second by direction.", "方向別の毎秒転送量です。"),
                (Query(_rate(names.GATEWAY_BYTES, "direction"), "{{direction}}"),),
                unit="Bps",
            ),
            Panel(
                "stat",
                t("Registered containers", "登録済みコンテナ"),
                t("Containers that the Gateway knows.", "Gateway が把握しているコンテナ数です。"),
                (Query(f"{names.GATEWAY_CONTAINERS}{{{ON_HOST}}}", "{{host}}"),),
            ),
            Panel(
                "timeseries",
                t("Peers, direct paths and escalations", "ピア・直接経路・エスカレーション"),
                t(
                    "What Flatnet's modules report of other hosts.",
                    "Flatnet のモジュールが報告する他ホストの状態です。",
                ),
                (
                    Query(f"{names.GATEWAY_SYNC_PEERS}{{{ON_HOST}}}", "{{host}} peers"),
                    Query(f"{names.GATEWAY_P2P_PATHS}{{{ON_HOST}}}", "{{host}} P2P"),
                    Query(f"{names.GATEWAY_ESCALATIONS}{{{ON_HOST}}}", "{{host}} {{state}}"),
                ),
            ),
        ),
        (HOST, _SITE),
    )

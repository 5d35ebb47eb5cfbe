"""What nobody sees while a scrape job measures nothing: a phrase that messages and runbooks put into a sentence."""

from __future__ import annotations

from model import names
from model.bilingual import Bilingual

JOB_WORKLOAD = "workload"  # of every workload that has metrics

UNWATCHED: dict[str, Bilingual] = {
    job: Bilingual(en=en, ja=ja)
    for job, (en, ja) in {
        names.JOB_ALERTMANAGER: (
            "whether messages are sent (while Alertmanager itself is down, no alert reaches anybody)",
            "通知の送信状況（Alertmanager が停止している間は、どのアラートも誰にも届きません）",
        ),
        names.JOB_ALLOY: (
            "whether the logs of Gateway, containers, CNI and WSL still arrive (else the alerts on logs stay silent)",
            "Gateway・コンテナ・CNI・WSL のログの収集状況（届いていない場合、ログのアラートは発報しません）",
        ),
        names.JOB_ALLOY_WINDOWS: (
            "whether the event log of Windows still arrives",
            "Windows のイベントログの収集状況",
        ),
        names.JOB_BLACKBOX: (
            "whether the prober works (while it is down, no site and no certificate is watched)",
            "サイトを監視するプログラムの状態（停止している間は、どのサイトも証明書も監視されません）",
        ),
        names.JOB_CNI: (
            "container addresses, and whether containers get a network when they start",
            "コンテナのアドレスの空きと、コンテナ起動時のネットワーク接続の成否",
        ),
        names.JOB_GATEWAY: (
            "requests, errors and answer times of all sites, and the objectives that follow from them",
            "全サイトのリクエスト・エラー・応答時間と、それに基づく目標の達成状況",
        ),
        names.JOB_GRAFANA: (
            "whether people can open dashboards, search logs and set silences",
            "Grafana の稼働状況（ダッシュボード・ログ検索・サイレンスを使えるかどうか）",
        ),
        names.JOB_LOKI: (
            "whether logs are stored and found (while Loki itself is down, no alert on logs fires)",
            "ログの保存と検索の状況（Loki が停止している間は、ログのアラートは発報しません）",
        ),
        names.JOB_NODE: (
            "memory, disks and clock of WSL, and the results of backups, restore drills and certificate renewals",
            "WSL のメモリ・ディスク・時計と、バックアップ・復元テスト・証明書更新の結果",
        ),
        names.JOB_PODMAN: (
            "restarts, health and memory of the containers",
            "コンテナの再起動・ヘルスチェック・メモリ",
        ),
        names.JOB_PROBE_HTTP: (
            "whether the sites answer over HTTP",
            "サイトの HTTP での応答",
        ),
        names.JOB_PROBE_TLS: (
            "whether the sites answer over HTTPS, and when their certificates end",
            "サイトの HTTPS での応答と、証明書の期限",
        ),
        names.JOB_PROMETHEUS: (
            "the rules, the storage and the configuration of Prometheus itself",
            "Prometheus 自身のルール・保存領域・設定の状態",
        ),
        names.JOB_WINDOWS: (
            (
                "drives, memory, clock and services of Windows, and the scheduled tasks that rotate logs, save the "
                "configuration, load certificates and keep WSL running"
            ),
            (
                "Windows のドライブ・メモリ・時計・サービスと、"
                "タスク（ログのローテーション、設定の保存、証明書の読み込み、WSL の維持）の結果"
            ),
        ),
        JOB_WORKLOAD: (
            "what the workload says of itself (its site is probed all the same)",
            "ワークロード自身のメトリクス（サイトの応答は引き続き監視されています）",
        ),
    }.items()
}

"""Phrases of runbooks, of the alert catalogue and of tables: English, Japanese."""

from __future__ import annotations

READING: dict[str, tuple[str, str]] = {
    # Pages and the ways between them.
    "handbook": ("Handbook", "ハンドブック"),
    "other_language": ("日本語", "English"),
    "catalogue": ("Alerts", "アラート一覧"),
    "install": ("Install {host}", "{host} のインストール"),
    "installing": ("Install", "インストール"),
    "ports": ("Ports", "ポート一覧"),
    "retention": ("What is deleted, and when", "保存期間と削除"),
    "laptop": ("The stack on a laptop", "手元の PC で監視スタックを試す"),
    "laptop_intro": (
        (
            "{path} runs the containers of {host}'s monitoring stack on a Linux machine or in a WSL distribution with "
            "Docker, without systemd: for looking at a changed dashboard or alert before it is merged. It is no way to "
            "run Flatnet: there is no Gateway, nothing of Windows is measured, nothing is backed up. It may use "
            "up to {memory} of memory."
        ),
        (
            "{path} は、{host} の監視スタックのコンテナを、Docker の入った Linux または WSL で systemd なしに"
            "動かします。変更したダッシュボードやアラートを、マージの前に確認するためのものです。"
            "Gateway はなく、Windows の計測もバックアップも行われないため、運用には使えません。"
            "メモリを最大 {memory} 使います。"
        ),
    ),
    "laptop_install": (
        (
            "Follow sections 2 to 5 of the [install page]({page}), for WSL alone, but leave out the secrets that "
            "alertmanager reads: their lines of the last check begin with `!!`. On a laptop Alertmanager has "
            "{alertmanager} instead of the host's configuration: it shows which alerts fire and which are hidden, and "
            "messages of a test reach nobody. So routes, hours and the texts of messages are not seen here; `make "
            "test` has amtool judge them."
        ),
        (
            "[インストール手順]({page})の 2〜5 のうち、WSL の部分だけを実行します。alertmanager が読む秘密情報は"
            "不要です（最後の確認では、その行が `!!` で始まります）。手元の PC では、Alertmanager はホストの設定の"
            "代わりに {alertmanager} を使います。発報中と抑止中のアラートは確認できますが、テストの通知は誰にも"
            "届きません。したがって、ルート・時間帯・通知の文面は確認できません（`make test` で amtool が検証します）。"
        ),
    ),
    "laptop_start": (
        "Start it. The Podman exporter stays down where there is no Podman, and what lies behind Gateways too.",
        "起動します。Podman がない環境では Podman exporter が、また Gateway の先にあるものはすべてダウンのままです。",
    ),
    "laptop_look": (
        (
            "Open [Grafana]({grafana}) as `admin`, with what {password} holds, [Prometheus]({prometheus}) and "
            "[Alertmanager]({alertmanager})."
        ),
        (
            "[Grafana]({grafana})（`admin`、パスワードは {password} の内容）、[Prometheus]({prometheus})、"
            "[Alertmanager]({alertmanager}) を開きます。"
        ),
    ),
    "laptop_stop": (
        "Stop it. What it measured stays in {folder}.",
        "停止します。計測した内容は {folder} に残ります。",
    ),
    "runbooks": ("Runbooks", "ランブック"),
    "index_intro": (
        "What people need who run `{environment}`. Everything here is rendered from `environments/{environment}`.",
        "`{environment}` の運用に必要な手順と一覧です。すべて `environments/{environment}` から生成されています。",
    ),
    # Columns.
    "address": ("Address", "アドレス"),
    "alert": ("Alert", "アラート"),
    "component": ("Component", "対象"),
    "day": ("Day", "日付"),
    "deleted": ("Deleted", "削除の時期"),
    "digest": ("Digest", "ダイジェスト"),
    "fires_when": ("Fires when", "発報の条件"),
    "from_to": ("From – to", "時間帯"),
    "hold": ("For", "継続時間"),
    "holiday": ("Holiday", "休日"),
    "host": ("Host", "ホスト"),
    "image": ("Image", "イメージ"),
    "listens": ("Listens on", "待ち受け"),
    "outside": ("Told at other hours", "営業時間外の通知先"),
    "per_day": ("A day brings at most", "1 日の最大量"),
    "port": ("Port", "ポート"),
    "program": ("Program", "プログラム"),
    "purpose": ("For", "用途"),
    "reached": ("Reached by", "接続元"),
    "reason": ("Reason", "理由"),
    "receiver": ("Receiver", "通知先"),
    "roles": ("Roles", "役割"),
    "rotated": ("Rotated", "ローテーション"),
    "severity": ("Severity", "重大度"),
    "folder_wsl": ("The same in WSL", "WSL から見たフォルダ"),
    "shell": ("Shell in WSL", "WSL のシェルの開き方"),
    "source": ("From", "入手元"),
    "team": ("Team", "担当チーム"),
    "until": ("Until", "期限"),
    "version": ("Version", "バージョン"),
    "ways": ("By way of", "通知の手段"),
    "what": ("What", "内容"),
    "working": ("Told in working hours", "営業時間内の通知先"),
    # The alert catalogue.
    "catalogue_intro": (
        (
            "{count} alerts. Each links to its runbook. Working hours are {days}, {start} to {end} ({zone}), but for "
            "holidays."
        ),
        (
            "全 {count} 件です。名前からランブックを開けます。営業時間は、休日を除く{days}の "
            "{start}〜{end}（{zone}）です。"
        ),
    ),
    "holidays_until": (
        (
            "Holidays are entered until {day} (`time.holidays` in the environment). Enter those that follow before "
            "then: a holiday that is missing counts as a working day, and warnings go to people who are not there."
        ),
        (
            "休日は {day} まで登録されています（環境の `time.holidays`）。それまでに以降の休日を追記してください。"
            "登録のない休日は営業日として扱われ、警告が不在の担当者に通知されます。"
        ),
    ),
    "holidays_none": (
        "No holidays are entered (`time.holidays` in the environment): each counts as a working day.",
        "休日は登録されていません（環境の `time.holidays`）。休日も営業日として扱われます。",
    ),
    "maintenance_intro": (
        "Planned maintenance: alerts of these components are not sent meanwhile.",
        "計画メンテナンスです。この間、対象のアラートは通知されません。",
    ),
    "monday": ("Mon", "月"),
    "tuesday": ("Tue", "火"),
    "wednesday": ("Wed", "水"),
    "thursday": ("Thu", "木"),
    "friday": ("Fri", "金"),
    "saturday": ("Sat", "土"),
    "sunday": ("Sun", "日"),
    "critical": ("Critical: somebody is called at any hour", "critical：時間を問わず担当者を呼び出す"),
    "warning": ("Warning", "warning"),
    "info": ("Info", "info"),
    "waits": ("waits", "営業時間まで保留"),
    "receivers": ("Receivers", "通知先"),
    "switch": (
        (
            "`Watchdog` fires as long as Prometheus stores what it scrapes. If it has not been heard of for {time}, "
            "{far_end} tells {receiver} that the watchers themselves are gone."
        ),
        (
            "`Watchdog` は、Prometheus が収集した値を保存できている間、常に発報しています。{time}途絶えた場"
            "合は、監視そのものが"
            "停止したものとして、{far_end}から {receiver} に通知します。"
        ),
    ),
    "far_windows": ("a scheduled task on Windows", "Windows のタスクスケジューラ"),
    "far_url": ("the outside service", "外部の監視サービス"),
    "switched_off": ("Switched off", "無効にしているアラート"),
    "none_off": ("No alert is switched off.", "無効にしているアラートはありません。"),
    "off": (
        "**Switched off until {day}**: {reason}. On that day it is on again, by itself.",
        "**{day} まで無効**：{reason}。この日に自動で有効に戻ります。",
    ),
    "off_short": ("(off until {day})", "（{day} まで無効）"),
    # Runbooks.
    "impact": ("What it means for people", "利用者への影響"),
    "silent_without": ("These may not fire meanwhile:", "その間に発報しない可能性のあるアラート："),
    "first": ("First", "最初に"),
    "diagnosis": ("Find the cause", "原因を調べる"),
    "remedy": ("Mend it", "対処する"),
    "then": ("Then go on to [{title}](#{anchor}).", "続いて[{title}](#{anchor})に進みます。"),
    "one_section_each": (
        "One section for each. The alert that fired is named in the message.",
        "アラートごとに節を分けています。発報したアラートの名前は通知に書かれています。",
    ),
    "good": ("All is well if: {text}", "正常な場合：{text}"),
    "on_wsl": ("**WSL**", "**WSL**"),
    "on_wsl_of": ("**WSL** on `{host}`", "**WSL**（`{host}`）"),
    "on_windows": ("**Windows** (PowerShell)", "**Windows**（PowerShell）"),
    "on_windows_in": ("**Windows** (PowerShell), in {folder}", "**Windows**（PowerShell、{folder} で）"),
    "escalation": ("When it does not help", "解決しないとき"),
    "escalate": (
        "If it still fires after {time}, call {role}.",
        "{time}たっても解消しない場合は、{role}に連絡します。",
    ),
    "data_lost": (
        "If data may be lost, call the developers and the manager at once.",
        "データが失われるおそれがある場合は、直ちに開発担当と責任者に連絡します。",
    ),
    "intrusion": (
        "If somebody may have broken in, call security at once.",
        "侵入の疑いがある場合は、直ちにセキュリティ担当に連絡します。",
    ),
    "developers": ("the developers", "開発担当"),
    "manager": ("the manager", "責任者"),
    "security": ("security", "セキュリティ担当"),
    "when": ("When it fires", "発報の条件"),
    "holds": ("This must hold for {time}.", "この状態が {time}続くと発報します。"),
    "holds_not": ("It fires as soon as this holds.", "この状態になると直ちに発報します。"),
    "where": ("Where to type", "コマンドを実行する場所"),
    "where_intro": (
        (
            "On the host that the message names, unless a step says otherwise. **WSL** is a root shell there, opened "
            "from PowerShell as below. **Windows** is PowerShell as administrator."
        ),
        (
            "特に断りがない限り、通知に書かれたホストで実行します。**WSL** は root のシェルで、PowerShell "
            "から次のように開きます。**Windows** は管理者として開いた PowerShell です。"
        ),
    ),
    "where_short": (
        "Commands are typed on [the host that the message names](#{anchor}).",
        "コマンドは[通知に書かれたホスト](#{anchor})で実行します。",
    ),
    "silence": (
        "To silence the alert while you work: [Grafana]({url}), Alerting, Silences.",
        "作業中に通知を止めるには、[Grafana]({url}) の Alerting → Silences でサイレンスを作ります。",
    ),
    # Ports and retention.
    "ports_intro": (
        "What listens where. `*` is every address; who gets through is in the last column.",
        "どこで何が待ち受けているかの一覧です。`*` はすべてのアドレスです。到達できる相手は右端の列にあります。",
    ),
    "networks": ("Networks", "ネットワーク"),
    "network": ("Network", "ネットワーク"),
    "by_this_host": ("this host", "このホスト"),
    "by_gateway": ("the Gateway of this host", "このホストの Gateway"),
    "by_gateways": ("Gateways of all hosts", "各ホストの Gateway"),
    "by_hosts": ("this host, and others that push logs", "このホストと、ログを送る他のホスト"),
    "by_monitoring": ("the monitoring host", "監視ホスト"),
    "retention_intro": (
        "What is older is deleted by itself, on the disk and in Loki alike.",
        "期限を過ぎたものは、ディスク上のファイルも Loki のデータも自動で削除されます。",
    ),
    "metrics": ("Metrics (Prometheus)", "メトリクス（Prometheus）"),
    "metrics_deleted": (
        "after {time}, or above {size} if that comes first",
        "{time}後（先に {size} を超えた場合はその時点）",
    ),
    "after": ("after {time}", "{time}後"),
    "daily": ("daily, or at {size}", "毎日（{size} に達した場合はその時点）"),
    "size": ("at {size}", "{size} ごと"),
    "journal": ("systemd journal", "systemd ジャーナル"),
    "journal_deleted": ("oldest first, above {size}", "{size} を超えた分を古い順に"),
    "backups": ("Backups", "バックアップ"),
    "backups_deleted": (
        "above {daily} daily, {weekly} weekly and {monthly} monthly snapshots",
        "日次 {daily}、週次 {weekly}、月次 {monthly} 世代を超えた分",
    ),
    "generations": ("Snapshots of the configuration of Gateway and CNI", "Gateway と CNI の設定のスナップショット"),
    "generations_deleted": ("above {count} generations", "{count} 世代を超えた分"),
    "reports": ("Reports", "レポート"),
    "disks": ("Disk of WSL", "WSL のディスク"),
    "disks_intro": (
        (
            "What each part is expected to need at most. `make render` refuses parts that together exceed the host's "
            "budget; on the host itself Prometheus and the journal alone stop at their size, the others do not."
        ),
        (
            "各部分が必要とする容量の上限の見込みです。合計がホストの予算を超える設定は `make render` で拒否されます。"
            "ホスト上で自動的に止まるのは Prometheus とジャーナルだけで、その他は上限を超えて増えることがあります。"
        ),
    ),
    "grows_to": ("At most", "上限の見込み"),
    "disk_journal": ("systemd journal", "systemd ジャーナル"),
    "disk_restore": ("a restore beside the data", "データと並べて行う復元の作業領域"),
    "disk_budget": ("Budget of the host", "ホストの予算"),
    "log_gateway_access": ("Access log of the Gateway", "Gateway のアクセスログ"),
    "log_gateway_error": ("Error log of the Gateway", "Gateway のエラーログ"),
    "log_cni": ("Log of the CNI plugin", "CNI プラグインのログ"),
    "log_containers": ("Logs of containers", "コンテナのログ"),
    "log_system": ("System log of WSL", "WSL のシステムログ"),
    "log_windows": ("Event log of Windows", "Windows のイベントログ"),
}

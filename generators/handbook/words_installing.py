"""Phrases of the install pages: English, Japanese."""

from __future__ import annotations

INSTALLING: dict[str, tuple[str, str]] = {
    "install_intro": (
        (
            "From a bare host to a running one, top to bottom. Commands for **Windows** are typed in PowerShell as "
            "administrator, signed in as `{account}`; those for **WSL** in a root shell, which {shell} opens there. "
            "Every block can be run again."
        ),
        (
            "何もないホストを動かすまでの手順です。上から順に進めます。**Windows** のコマンドは `{account}` "
            "でサインインし、管理者として開いた PowerShell で実行します。**WSL** のコマンドは、そこから {shell} "
            "で開く root のシェルで実行します。どのブロックも繰り返し実行できます。"
        ),
    ),
    "install_after": (
        "Install `{host}` first: this host takes its CA and its token from there.",
        "先に `{host}` をインストールしてください。CA とトークンをそこから受け取ります。",
    ),
    "for_overlay": ("joins the hosts, encrypted", "ホスト間を暗号化して接続"),
    "overlay": (
        (
            "Nebula must run before you go on: metrics and logs of the hosts travel through it. Flatnet's own guide "
            "sets it up (`docs/phases/phase-3/host-setup-guide.md` in its repository), with {address} as this host's "
            "address. See that it has this address, and that the hosts that are installed already answer:"
        ),
        (
            "先へ進む前に Nebula を動かしておきます。ホスト間のメトリクスとログはここを通ります。設定は Flatnet "
            "のガイド（リポジトリの `docs/phases/phase-3/host-setup-guide.md`）に従い、このホストのアドレスは "
            "{address} とします。このアドレスが表示され、インストール済みのホストが応答すれば正常です。"
        ),
    ),
    "networking": ("WSL networking", "WSL のネットワーク"),
    "distribution": ("WSL distribution", "WSL ディストリビューション"),
    "folder": ("Folder of Flatnet", "Flatnet のフォルダ"),
    "lan": ("LAN address", "LAN アドレス"),
    "nebula": ("Nebula address", "Nebula アドレス"),
    "programs": ("1. Programs", "1. プログラム"),
    "programs_windows": ("Windows", "Windows"),
    "programs_windows_intro": (
        (
            "Download these into the folder Downloads of {account} and compare each file with the checksum that its "
            "release page gives. They are installed in section 6, once their configuration is there; WinSW "
            "(`WinSW-x64.exe`) waits for section 7. OpenResty comes with Flatnet."
        ),
        (
            "次のプログラムを {account} のダウンロードフォルダに保存し、リリースページのチェックサムと照合します。"
            "インストールは、設定ファイルを配置した後に「6. Windows」で行います。"
            "OpenResty は Flatnet に含まれています。WinSW（`WinSW-x64.exe`）は「7. Gateway」で使います。"
        ),
    ),
    "programs_wsl": ("WSL", "WSL"),
    "programs_wsl_intro": (
        (
            "WSL itself first, in PowerShell; then the programs, in a root shell. systemd must be process 1, which "
            "is what Ubuntu 24.04 does by itself."
        ),
        (
            "まず PowerShell で WSL を導入し、続いて root のシェルでプログラムを入れます。プロセス 1 が systemd "
            "であることが前提です（Ubuntu 24.04 の既定）。"
        ),
    ),
    "images_intro": (
        (
            "A tag can be moved to another image, a digest cannot. Where one is missing, `./flatnet-ops digests "
            "{environment}` prints the lines for the environment; run it where the environment is edited, on a machine "
            "that has skopeo (`apt-get install skopeo`)."
        ),
        (
            "タグは別のイメージに付け替えられますが、ダイジェストは変わりません。未記入のものは、環境を編集する"
            "マシンで `./flatnet-ops digests {environment}` を実行し、表示された行を環境に書きます"
            "（skopeo が必要です：`apt-get install skopeo`）。"
        ),
    ),
    "digest_missing": ("to be filled in", "未記入"),
    "for_windows_metrics": ("metrics of Windows", "Windows のメトリクス"),
    "for_windows_logs": ("event log of Windows", "Windows のイベントログの収集"),
    "for_services": ("runs the Gateway as a service", "Gateway をサービスとして動かす"),
    "for_containers": ("containers; 4.9, with CNI", "コンテナ（4.9、CNI を使用）"),
    "of_flatnet": ("comes with Flatnet", "Flatnet に含まれる"),
    "for_network": ("CNI plugin, at {path}", "CNI プラグイン（{path}）"),
    "for_copies": ("copies of databases, backups over SFTP", "データベースの複製、SFTP によるバックアップ"),
    "for_rotation": ("rotates log files", "ログファイルのローテーション"),
    "for_backups": ("backups; a later version than Ubuntu's", "バックアップ（Ubuntu のものより新しい版）"),
    "for_scripts": ("scripts, runbooks and this page", "スクリプト・ランブック・この手順"),
    "of_ubuntu": ("Ubuntu 24.04", "Ubuntu 24.04"),
    "checkout": ("2. Checkout", "2. リポジトリの取得"),
    "checkout_intro": (
        "Clone this repository where Windows can read it too. All further blocks for WSL are run in this folder.",
        (
            "このリポジトリを、Windows からも読める場所に取得します。以降の WSL のブロックは、"
            "すべてこのフォルダで実行します。"
        ),
    ),
    "files": ("3. Files of WSL", "3. WSL のファイル"),
    "files_intro": (
        "Every file gets the mode and the owner that `manifest.json` says.",
        "各ファイルを、`manifest.json` に書かれたモードと所有者で配置します。",
    ),
    "files_check": (
        "Compare what lies there now with the manifest. The answer is `OK`.",
        "配置したファイルを manifest と照合します。`OK` と表示されれば成功です。",
    ),
    "folders": ("4. Users and folders", "4. ユーザーとフォルダ"),
    "folders_intro": (
        (
            "What users and folders there are is in the files just installed: `/etc/sysusers.d/flatnet-ops.conf` and "
            "`/etc/tmpfiles.d/flatnet-ops.conf`."
        ),
        (
            "作成するユーザーとフォルダは、いま配置した `/etc/sysusers.d/flatnet-ops.conf` と "
            "`/etc/tmpfiles.d/flatnet-ops.conf` に書かれています。"
        ),
    ),
    "secrets": ("5. Secrets", "5. 秘密情報"),
    "secrets_intro": (
        (
            "`./flatnet-ops secrets {environment}` lists them too. No value stands in this repository or stays in "
            "the shell's history."
        ),
        (
            "`./flatnet-ops secrets {environment}` でも一覧できます。値はこのリポジトリには含まれず、"
            "シェルの履歴にも残りません。"
        ),
    ),
    "make_ask": ("Run it, paste the value, press Enter.", "実行し、値を貼り付けて Enter を押します。"),
    "make_copy": (
        "Run it, paste the file's content, press Enter and Ctrl-D; or put `< FILE` at the end of the line.",
        "実行し、ファイルの内容を貼り付けて Enter と Ctrl-D を押します。行末に `< ファイル名` を付けても構いません。",
    ),
    "make_random": (
        "Run it. It makes up a value, unless there is one already.",
        "実行すると値を自動で作ります。すでにある場合は変更しません。",
    ),
    "origin": ("from: {text}", "入手元：{text}"),
    "read_by_whom": ("read by {readers}", "読むプログラム：{readers}"),
    "secret_facts": ("{path}, owner {owner}, mode {mode}", "{path}（所有者 {owner}、モード {mode}）"),
    "secrets_check": (
        "Look whether all are there, with content, owner and mode. Every line begins with `OK`.",
        "すべて揃っているか、内容・所有者・モードを確認します。どの行も `OK` で始まれば成功です。",
    ),
    "start": ("8. First start", "8. 最初の起動"),
    "start_intro": (
        (
            "WSL has ended in section 6: open a root shell again, in the folder of the checkout. What others need is "
            "started first. After this, everything starts with WSL."
        ),
        (
            "「6. Windows」で WSL が停止したため、root のシェルを開き直し、リポジトリのフォルダに移動します。"
            "他から必要とされるものから順に起動します。以後は WSL とともに自動で起動します。"
        ),
    ),
    "token": ("Metrics of {workload}", "{workload} のメトリクス"),
    "token_show": (
        "{workload} shows its metrics to whoever has this token; Prometheus has it already.",
        "{workload} は、次のトークンを持つ相手にだけメトリクスを返します。Prometheus には設定済みです。",
    ),
    "token_restart": (
        (
            "Write it into the settings of the workload, once they are there, and start it again. In Forgejo, "
            "`/data/gitea/conf/app.ini` in the container has a section `[metrics]` with `ENABLED = true` and "
            "`TOKEN =` and the token."
        ),
        (
            "ワークロードの初期設定が済んだら、このトークンを設定ファイルに書き、再起動します。Forgejo の場合は、"
            "コンテナ内の `/data/gitea/conf/app.ini` の `[metrics]` に、`ENABLED = true` と "
            "`TOKEN =` に続けてトークンを書きます。"
        ),
    ),
    "token_volume": (
        "{inside} in the container is {folder} on this host.",
        "コンテナ内の {inside} は、このホストでは {folder} です。",
    ),
    "check": ("9. See that it works", "9. 動作の確認"),
    "check_intro": (
        "What each command answers stands behind its `#`. Loki takes half a minute.",
        "各コマンドの応答は `#` の後に書かれたとおりになります。Loki は準備に 30 秒ほどかかります。",
    ),
    "proof_message": ("A message reaches people", "通知が届くこと"),
    "proof_message_intro": (
        (
            "Send one test alert for each way to people. Within {time} each arrives where the table says; about "
            "{over} later a second message says that it is over."
        ),
        (
            "通知先ごとにテスト用のアラートを 1 件ずつ送ります。{time}以内に、表のとおりに届きます。"
            "およそ {over}後に、復旧の通知が届きます。"
        ),
    ),
    "proof_message_missing": (
        (
            "If one does not arrive, `journalctl CONTAINER_NAME=alertmanager` says why; the runbook "
            "[AlertmanagerCannotNotify](../runbooks/AlertmanagerCannotNotify.md) goes on from there."
        ),
        (
            "届かない場合は、`journalctl CONTAINER_NAME=alertmanager` で理由を確認し、ランブック "
            "[AlertmanagerCannotNotify](../runbooks/AlertmanagerCannotNotify.md) に従います。"
        ),
    ),
    "proof_log": ("A log line is found", "ログが見つかること"),
    "proof_log_intro": (
        "Write a line; after some seconds the second command prints it.",
        "1 行書き込みます。数秒後に、二つ目のコマンドでその行が表示されます。",
    ),
    "proof_log_intro_elsewhere": (
        "Write a line here; after some seconds Loki on `{host}` has it.",
        "このホストで 1 行書き込みます。数秒後に、`{host}` の Loki で見つかります。",
    ),
    "proof_log_grafana": (
        "People find it in Grafana, dashboard [Logs]({url}), by {line}.",
        "Grafana では、ダッシュボード [ログ]({url}) で {line} を検索します。",
    ),
    "down_intro": (
        (
            "What Prometheus does not reach. No line, once all hosts and the Gateways are installed and each workload "
            "that asks for a token has it."
        ),
        (
            "Prometheus から届かないものの一覧です。すべてのホストと Gateway のインストールと、"
            "ワークロードへのトークンの設定が済めば、何も表示されません。"
        ),
    ),
    "grafana": (
        (
            "Open [{url}]({url}) and log in with your account of the Gateway. Grafana's own `admin` is for the day on "
            "which the Gateway does not work: it logs in on this host alone, with what `cat {path}` prints."
        ),
        (
            "[{url}]({url}) を開き、Gateway のアカウントでログインします。"
            "Grafana 自身の `admin` は Gateway が使えない日のためのもので、このホストからしかログインできません。"
            "パスワードは `cat {path}` で表示できます。"
        ),
    ),
    "elsewhere": (
        "On the monitoring host `{host}`, Prometheus sees this host within a minute.",
        "1 分以内に、監視ホスト `{host}` の Prometheus からこのホストが見えるようになります。",
    ),
}

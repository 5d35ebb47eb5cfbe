"""Phrases of the Windows part of the install pages: English, Japanese."""

from __future__ import annotations

WINDOWS: dict[str, tuple[str, str]] = {
    "windows": ("6. Windows", "6. Windows"),
    "windows_intro": (
        "Copied from the checkout in WSL. Each file that was copied and compared is named after `OK`.",
        "WSL のリポジトリからコピーします。コピーと照合が済んだファイルが `OK` の後に表示されます。",
    ),
    "windows_prepare": (
        (
            "Make the folders, say who may write in them, and register the name under which our scripts write to the "
            "event log. From now on {folder} is changed by administrators alone, in PowerShell as administrator or in "
            "a WSL shell that was opened from it; the rest of WSL writes certificates and addresses. Each line begins "
            "with `OK`. Run it again when OpenResty was replaced."
        ),
        (
            "フォルダを作り、書き込める人を設定し、スクリプトがイベントログに書くときの名前を登録します。"
            "以後、{folder} を変更できるのは管理者だけです（管理者として開いた PowerShell、またはそこから開いた WSL の"
            "シェル）。それ以外の WSL のプログラムが書き込めるのは、証明書とアドレスだけです。"
            "どの行も `OK` で始まれば成功です。OpenResty を入れ替えたときは、もう一度実行します。"
        ),
    ),
    "windows_install": (
        "Install what you downloaded. Both read the configuration that was just copied.",
        "ダウンロードしたプログラムをインストールします。どちらも、いまコピーした設定を読み込みます。",
    ),
    "windows_firewall": (
        (
            "Set the firewall. Rules of our group that are no longer wanted are removed; those that open nginx.exe to "
            "everybody are switched off. A warning names each rule of others that opens a port of ours all the same, "
            "and the command that switches it off. Run it again after each change of networks."
        ),
        (
            "ファイアウォールを設定します。不要になった規則は削除し、nginx.exe を全員に開放する規則は無効にします。"
            "他のプログラムや管理者が作った規則で Gateway のポートを開放しているものは、無効にするコマンドとともに"
            "警告として表示します。ネットワークを変更したときは、もう一度実行します。"
        ),
    ),
    "windows_wslconfig": (
        (
            "WSL reads the memory limit, its networking and its time-outs from `.wslconfig` of {account} when it "
            "starts. This ends everything in WSL."
        ),
        (
            "WSL は、メモリの上限・ネットワーク・タイムアウトを、起動時に {account} の `.wslconfig` から読み込みます。"
            "次のコマンドで、WSL 内のすべてが停止します。"
        ),
    ),
    "windows_tasks": (
        (
            "Register the scheduled tasks; tasks of ours that are no longer described are removed. The password of "
            "{account} is asked for, so that WSL starts before anybody signs in. The script waits until keep-alive "
            "runs, or says why it does not. Repeat this when the password changes."
        ),
        (
            "スケジュールされたタスクを登録します。不要になったタスクは削除されます。"
            "サインイン前に WSL を起動するため、{account} のパスワードを入力します。"
            "スクリプトは keep-alive が動き出すまで待ち、動かないときは理由を表示します。"
            "パスワードを変更したときは、もう一度実行します。"
        ),
    ),
    "windows_batch": (
        (
            "A task that runs before anybody signs in needs the right to log on as a batch job. Administrators have "
            "it; if {account} is none, give it that right (in a domain, a group policy may take it away again: then "
            "ask for the account to be named there, under *Log on as a batch job*)."
        ),
        (
            "サインイン前に動くタスクには「バッチ ジョブとしてログオン」の権利が必要です。"
            "管理者にはこの権利があります。{account} が管理者でない場合は、次のコマンドで与えます"
            "（ドメインではグループ ポリシーで取り消されることがあります。その場合は、"
            "ポリシーの「バッチ ジョブとしてログオン」にこのアカウントを加えてもらいます）。"
        ),
    ),
    "windows_route": (
        (
            "The task keep-route leads the containers' network to WSL, whose address changes with each start. See "
            "that it does, once section 8 is done: the first command prints nothing, or says what is wrong; the second "
            "one shows {subnet} with WSL's address."
        ),
        (
            "WSL のアドレスは起動のたびに変わるため、keep-route タスクがコンテナのネットワークを WSL に向け直します。"
            "「8. 最初の起動」の後に確認します。最初のコマンドは、正常なら何も表示せず、問題があれば理由を表示します。"
            "二つ目のコマンドで、{subnet} の行に WSL のアドレスが表示されれば成功です。"
        ),
    ),
    "windows_check": (
        (
            "After five minutes: each LastTaskResult is 0, that of keep-alive 267009 (running); every rule is enabled; "
            "the distribution runs."
        ),
        (
            "5 分後に確認します。LastTaskResult が 0（keep-alive は実行中を表す 267009）、規則がすべて有効で、"
            "ディストリビューションが動いていれば正常です。"
        ),
    ),
    "windows_test": (
        (
            "This Windows tells people when the monitoring itself is silent. See that its messages arrive, once the "
            "secrets are there and again after each change of them."
        ),
        (
            "監視そのものが停止したとき、この Windows が担当者に知らせます。通知が届くことを確認します。"
            "秘密情報を変更したときも確認します。"
        ),
    ),
}

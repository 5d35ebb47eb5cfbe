"""Phrases of the page of backups: English, Japanese."""

from __future__ import annotations

BACKUPS: dict[str, tuple[str, str]] = {
    "backup_title": ("Backup and restore", "バックアップと復元"),
    "backup_intro": (
        (
            "Every day at {at} ({zone}) each host saves what would be lost with its disk, encrypted, to "
            "{repository}. All commands are typed in a root shell in WSL, on the host whose data it is."
        ),
        (
            "各ホストは毎日 {at}（{zone}）に、ディスク障害で失われるデータを暗号化して {repository} に保存します。"
            "コマンドはすべて、対象データのあるホストの WSL で root のシェルから実行します。"
        ),
    ),
    "backup_password_intro": (
        "Nothing can be restored without the password: {path} on each host, and the team's password store.",
        "パスワードがないと何も復元できません。各ホストの {path} と、チームのパスワード保管庫にあります。",
    ),
    "backup_what": ("What is backed up: {host}", "バックアップの対象: {host}"),
    "backup_part": ("Part", "対象名"),
    "backup_folder": ("Folder", "フォルダ"),
    "backup_way": ("How", "方法"),
    "backup_kept": ("Kept", "保存"),
    "backup_service": ("Stopped for a restore", "復元時に停止"),
    "way_folder": ("read as it lies", "そのまま読み取り"),
    "way_sqlite": (
        "files as they lie, databases by SQLite's own backup",
        "ファイルはそのまま、DB は SQLite のバックアップ機能",
    ),
    "way_prometheus": ("snapshot of Prometheus", "Prometheus のスナップショット"),
    "way_stopped": ("stopped for some seconds while it is copied", "複製の間、数秒停止"),
    "kept_days": (
        "{daily} daily, {weekly} weekly, {monthly} monthly",
        "日次 {daily}、週次 {weekly}、月次 {monthly} 世代",
    ),
    "kept_changes": ("{count} changes", "変更ごとに {count} 世代"),
    "backup_order": (
        (
            "The order of the rows is that of a restore. The configuration of the CNI is also saved after each change. "
            "A workload runs on while its volume is read: its database is saved first, then the branches and tags of "
            "git, then all files, so that whatever database and branches speak of is there."
        ),
        (
            "表の順に復元されます。CNI の設定は、変更の直後にも保存されます。ボリュームの読み取り中もワークロードは"
            "停止しません。データベース、git のブランチとタグ、その他のファイルの順に保存するため、"
            "データベースやブランチが参照するファイルとコミットは必ず含まれます。"
        ),
    ),
    "backup_not": ("What is not backed up", "バックアップしないもの"),
    "backup_look": ("See what is there", "保存内容を確認する"),
    "backup_look_last": (
        "Did the last backup go well? 0 means yes, for each part:",
        "最後の結果（0 が成功、対象ごと）:",
    ),
    "backup_look_list": (
        (
            "All snapshots, by host and part. One with the tag `incomplete` lacks what could not be read; a restore "
            "passes it over."
        ),
        (
            "スナップショットの一覧（ホスト・対象別）。タグ `incomplete` の付いたものは読めないデータがあった回で、"
            "復元には使われません。"
        ),
    ),
    "backup_look_files": ("The files of the newest one of {part}:", "{part} の最新スナップショットのファイル:"),
    "backup_now": ("Back up now", "すぐにバックアップする"),
    "backup_now_intro": (
        "It waits for one that is running. Every part ends with a line `done` or `FAILED`.",
        "実行中のものがあれば終了を待ちます。対象ごとに `done` または `FAILED` の行が出ます。",
    ),
    "restore_some": ("Restore a single file", "ファイルを 1 つ取り出す"),
    "restore_some_intro": (
        "Into a folder of its own; nothing else is touched. Copy what you need, and delete the folder.",
        "別のフォルダに復元します。既存のデータには触れません。必要なものをコピーしたら、フォルダを削除します。",
    ),
    "restore_part": ("Restore one part", "対象を 1 つ復元する"),
    "restore_part_intro": (
        (
            "The newest whole snapshot is fetched and verified beside the data; then the service is stopped, the data "
            "replaced, and the service started. Until then nothing changes, and a failure changes nothing. Without "
            "`--force` data that lies there is not replaced. What was written since the snapshot is lost: copy the "
            "folder first if somebody may need it. `gateway-config` lies on a drive of Windows, where administrators "
            "alone change it: for it, open the shell with `wsl -u root` in PowerShell as administrator."
        ),
        (
            "最新の完全なスナップショットを既存データの隣に復元・検証してから、サービスを停止し、データを入れ替えて"
            "起動します。それまでは何も変わらず、失敗しても既存データは残ります。`--force` がない場合、既存のデータは"
            "置き換えません。スナップショット以降の変更は失われるため、必要な場合は先にフォルダをコピーします。"
            "`gateway-config` は Windows のドライブにあり、変更できるのは管理者だけです。"
            "管理者として開いた PowerShell の `wsl -u root` から実行します。"
        ),
    ),
    "restore_older": (
        "An older one, by its id from the list above, in place of `ID`:",
        "古いスナップショットに戻す場合は、上の一覧の ID を `ID` の位置に書きます:",
    ),
    "restore_busy": (
        "Is a backup running? It says so, with the process: wait, or `systemctl stop flatnet-backup.service`.",
        (
            "バックアップの実行中は、プロセス番号とともに表示されます。終了を待つか、"
            "`systemctl stop flatnet-backup.service` で停止します。"
        ),
    ),
    "restore_all": ("Restore a whole host", "ホスト全体を復元する"),
    "restore_all_intro": (
        (
            "On a new machine follow the install page up to and with the secrets; the password of the backups is the "
            "old one, and `backup init` is left out. Then:"
        ),
        (
            "新しいマシンでは、インストール手順を「秘密情報」まで進めます。"
            "バックアップのパスワードは以前のものを使い、"
            "`backup init` は実行しません。続いて:"
        ),
    ),
    "restore_all_after": (
        (
            "Go on with the install page from there on. Then: 1. the addresses in `cni-state` are those of containers "
            "that are gone; see the runbook CniAddressesInconsistent. 2. On Windows set the rights of "
            "the Gateway's keys again, as the install page does, and restart the Gateway."
        ),
        (
            "その後、インストール手順の続きを行い、次の 2 点を確認します。1. `cni-state` のアドレスは、"
            "すでに存在しないコンテナのものです。ランブック CniAddressesInconsistent を参照します。2. Windows "
            "では、Gateway の鍵のアクセス権を"
            "インストール手順のとおりに設定し直し、Gateway を再起動します。"
        ),
    ),
    "drill_title": ("The restore drill", "復元テスト"),
    "drill_intro": (
        (
            "Every {time} each part's newest snapshot is restored into a scratch folder and verified byte by byte; "
            "databases and the blocks of Prometheus are looked at; the repository is checked. No data is touched. It "
            "needs room for the largest part, which the disk budget has. The result, and the time of the snapshot that "
            "was restored, are metrics. Where it failed, no snapshot of that part is deleted, of whatever age, until "
            "one succeeds; nor is any of a repository that the nightly check finds damaged. By hand:"
        ),
        (
            "{time}ごとに、各対象の最新スナップショットを作業用フォルダに復元し、全バイトを検証します。データベースと "
            "Prometheus のブロックの整合性、リポジトリの状態も確認します。既存データには触れません。"
            "最大の対象と同じ空き容量が"
            "必要で、ディスクの計画に含まれています。結果と、"
            "復元したスナップショットの時刻はメトリクスになります。復元テストに失敗した対象のスナップショットは、"
            "次に成功するまで、保存期間を過ぎても削除されません。毎晩の検査でリポジトリの破損が見つかった場合は、"
            "すべての対象について削除を止めます。手動での実行:"
        ),
    ),
    "trouble": ("When something is wrong", "問題があるとき"),
    "trouble_mount": ("The drive is not mounted (code 10)", "ドライブが未マウント（コード 10）"),
    "trouble_mount_intro": (
        "No repository is ever made by itself. Plug the disk in, then:",
        "リポジトリが自動で作られることはありません。ディスクを接続して:",
    ),
    "trouble_password": ("The password is lost (code 12)", "パスワードの紛失（コード 12）"),
    "trouble_password_intro": (
        "While one host still has the right one, take it from there into the password store and to the others:",
        "正しいパスワードの残るホストがあれば、そこから保管庫とほかのホストへ写します:",
    ),
    "trouble_password_gone": (
        (
            "If no host has it, the snapshots are lost for good: nobody can open them. Start a new repository at once, "
            "and put the new password into the store before anything else."
        ),
        (
            "どのホストにも残っていない場合、スナップショットは二度と開けません。すぐに新しいリポジトリを作り、"
            "最初に新しいパスワードを保管庫に登録します。"
        ),
    ),
    "trouble_damage": ("The repository is damaged", "リポジトリの破損"),
    "trouble_damage_intro": (
        "See how much of it; this reads all of it and can take hours:",
        "破損の範囲を調べます。全体を読むため、数時間かかることがあります:",
    ),
    "trouble_damage_then": (
        "Then start a new repository; snapshots whose data is whole can still be restored from the old one.",
        "その後、新しいリポジトリを作ります。無事なスナップショットは、古いリポジトリから復元できます。",
    ),
    "trouble_new": ("Start a new repository", "新しいリポジトリを作る"),
    "trouble_new_aside": ("Move the old one aside:", "古いものを別名にします:"),
    "trouble_new_server": (
        "Rename the folder or bucket on the backup server, so that {repository} is free.",
        "バックアップサーバー側でフォルダまたはバケットの名前を変え、{repository} を空けます。",
    ),
    "trouble_new_password": (
        "Only if the password was lost, make a new one, and store it:",
        "パスワードを紛失した場合だけ、新しく作って保管します:",
    ),
    "trouble_new_make": ("Make the repository, and back up:", "リポジトリを作成し、バックアップします:"),
    "trouble_full": ("The backup disk is full", "バックアップ先が満杯"),
    "trouble_full_intro": (
        (
            "No backup begins with less than 1 GB free, so that there is room to delete. If other files fill the disk "
            "to the last byte, move them away first. Keep the three newest snapshots of each part and give the room of "
            "the others back; then buy a larger disk or shorten `retention.backups`. The newest snapshots stay in any "
            "case."
        ),
        (
            "空きが 1 GB 未満のときは、削除に必要な領域を残すため、バックアップを開始しません。ほかのファイルで"
            "完全に満杯になっている場合は、先にそれらを移動します。"
            "各対象の最新 3 世代を残し、それ以外の領域を解放します。その後、ディスクを大きくするか "
            "`retention.backups` を"
            "短くします。最新のスナップショットは必ず残ります。"
        ),
    ),
    "trouble_killed": ("A command was killed (code 137 or 143)", "コマンドが強制終了された（コード 137、143）"),
    "trouble_killed_intro": (
        (
            "Services that it had stopped run again after this, and data that it had moved is back. The next run "
            "does it too."
        ),
        "停止中のサービスを起動し、移動中のデータを元に戻します。次回の実行時にも自動で行われます。",
    ),
}

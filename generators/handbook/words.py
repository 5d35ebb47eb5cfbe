"""Every fixed phrase of the handbook, in both languages."""

from __future__ import annotations

from model.bilingual import Bilingual


def _both(en: str, ja: str) -> Bilingual:
    return Bilingual(en=en, ja=ja)


WORDS: dict[str, Bilingual] = {
    "alert": _both("Alert", "アラート"),
    "alerts": _both("Alert catalogue", "アラート一覧"),
    "alerts_intro": _both(
        "Every alert of this environment, and whom it reaches.", "この環境のすべてのアラートと、その通知先です。"
    ),
    "backup": _both("Backups (daily snapshots)", "バックアップ（日次スナップショット）"),
    "backup_kept": _both("snapshots", "世代"),
    "catalogue": _both("All alerts", "アラート一覧へ"),
    "check": _both("See that it works", "動作の確認"),
    "check_intro": _both(
        "Each command prints what stands beside it.", "各コマンドの結果が、横に書かれた内容になります。"
    ),
    "command": _both("Command", "コマンド"),
    "component": _both("Component", "対象"),
    "deleted": _both("Deleted after", "削除までの期間"),
    "diagnosis": _both("Find the cause", "原因を調べる"),
    "digest": _both("Digest", "ダイジェスト"),
    "digest_unknown": _both("not filled in yet (`flatnet-ops digests`)", "未記入（`flatnet-ops digests` で調べます）"),
    "directories": _both("4. Users and folders", "4. ユーザーとフォルダ"),
    "disabled": _both("switched off until", "次の日まで無効"),
    "developers": _both("the developers", "開発担当"),
    "escalation": _both("When it does not help", "解決しないとき"),
    "escalation_after": _both("Not over after", "次の時間が過ぎても解消しない場合の連絡先"),
    "expected": _both("Expected", "期待する結果"),
    "expression": _both("Condition", "条件"),
    "files": _both("2. Files of WSL", "2. WSL のファイル"),
    "files_intro": _both(
        "From a checkout of this repository, in the folder `rendered/{environment}`, as root in WSL. "
        "Mode and owner of each file come from `manifest.json`.",
        "このリポジトリの `rendered/{environment}` で、WSL の root として実行します。"
        "各ファイルのモードと所有者は `manifest.json` にあります。",
    ),
    "first": _both("First", "最初に"),
    "good": _both("Good answer", "正常な場合"),
    "handbook": _both("Handbook", "ハンドブック"),
    "hold": _both("Holds for", "継続時間"),
    "host": _both("Host", "ホスト"),
    "image": _both("Image", "イメージ"),
    "impact": _both("What it means for people", "利用者への影響"),
    "install": _both("Install", "インストール"),
    "install_intro": _both(
        "From a bare host to a running one, in this order. Blocks marked WSL are for a root shell in WSL, "
        "blocks marked Windows for PowerShell as administrator.",
        "何もないホストを動かすまでの手順です。上から順に行います。WSL と書かれたものは WSL の root シェルで、"
        "Windows と書かれたものは管理者の PowerShell で実行します。",
    ),
    "kind": _both("What", "対象"),
    "language": _both("日本語", "English"),
    "manager": _both("the developers and the manager", "開発担当と責任者"),
    "metrics": _both("Metrics", "メトリクス"),
    "mode": _both("Mode", "モード"),
    "name": _both("Name", "名前"),
    "outside": _both("Outside working hours", "時間外の通知先"),
    "owner": _both("Owner", "所有者"),
    "path": _both("Path", "パス"),
    "per_day": _both("At most a day", "1 日の最大量"),
    "programs": _both("1. Programs", "1. プログラム"),
    "program": _both("Program", "プログラム"),
    "readers": _both("Read by", "読むプログラム"),
    "remedy": _both("Mend it", "対処する"),
    "retention": _both("What is deleted, and when", "保存期間"),
    "rotated": _both("Rotated", "ローテーション"),
    "runbooks": _both("Runbooks", "ランブック"),
    "secrets": _both("3. Secrets", "3. 秘密情報"),
    "secrets_intro": _both(
        "Each block asks for one value or makes one up; nothing is kept in the history. "
        "After a value has been pasted, press Enter and Ctrl-D.",
        "各ブロックは値を一つ尋ねるか、自動で作ります。履歴には残りません。"
        "値を貼り付けたら Enter と Ctrl-D を押します。",
    ),
    "security": _both("security", "セキュリティ担当"),
    "severity": _both("Severity", "重大度"),
    "start": _both("6. First start", "6. 最初の起動"),
    "team": _both("Team", "担当チーム"),
    "then": _both("then", "その後"),
    "version": _both("Version", "バージョン"),
    "what": _both("What it is", "内容"),
    "when": _both("When it fires", "発報の条件"),
    "windows": _both("5. Files of Windows", "5. Windows のファイル"),
    "working": _both("In working hours", "時間内の通知先"),
}

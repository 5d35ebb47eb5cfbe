"""What Windows shows to people: English, Japanese. `{0}` and `{1}` are filled by the script that tells it."""

from __future__ import annotations

from model.bilingual import Language

WORDS: dict[str, tuple[str, str]] = {
    "task_keep-alive": (
        "Keeps WSL running, before anybody signs in and after it was shut down.",
        "誰もサインインしていないときも WSL を動かし続け、停止した場合は起動し直します。",
    ),
    "task_keep-route": (
        "Keeps the route to the containers right when WSL gets another address.",
        "WSL のアドレスが変わったとき、コンテナへの経路を設定し直します。",
    ),
    "task_rotate-logs": (
        "Rotates, compresses and deletes the Gateway's log files.",
        "Gateway のログファイルをローテーション・圧縮・削除します。",
    ),
    "task_save-configuration": (
        "Keeps generations of the Gateway's configuration.",
        "Gateway の設定を世代管理で保存します。",
    ),
    "task_watch-certificate": (
        "Has the Gateway load a renewed certificate.",
        "更新された証明書を Gateway に読み込ませます。",
    ),
    "task_watch-heartbeat": (
        "Tells people when the monitoring itself is silent.",
        "監視そのものが応答しないときに担当者へ知らせます。",
    ),
    "why_password": (
        "The account that owns WSL: Windows keeps its password, so that WSL starts before anybody signs in.",
        "WSL を所有するアカウント。サインイン前に WSL を起動するため、Windows がパスワードを保存します。",
    ),
    "firewall_rule": (
        "From environments/{environment}. Set right again by apply-firewall.ps1.",
        "environments/{environment} から生成。apply-firewall.ps1 を実行すると元に戻ります。",
    ),
    "silent_stack": (
        "The monitoring on {{0}} has been silent for {{1}} minutes",
        "{{0}} の監視が {{1}} 分間応答していません",
    ),
    "steps_stack": (
        (
            "{watcher} has seen no heartbeat of {{0}} since {{1}}. WSL, Prometheus, Alertmanager or the Gateway does "
            "not run, or the disk is full. Until this is mended, no other alert reaches anybody.\n"
            "First steps, in PowerShell on {{0}}:\n"
            "1. wsl --list --running\n   {distribution} is listed. If not: schtasks /Run /TN {task}\n"
            "2. wsl -d {distribution} -u root systemctl status prometheus alertmanager\n"
            "   Both are active. If not: wsl -d {distribution} -u root systemctl restart prometheus alertmanager\n"
            "3. wsl -d {distribution} -u root df -h /\n   Avail is not 0. Where it is, Prometheus stores nothing.\n"
            "4. Get-Service flatnet-gateway\n   It is Running. If not: Start-Service flatnet-gateway\n"
            "{runbook}"
        ),
        (
            "{watcher} から見て、{{0}} のハートビートが {{1}} から途絶えています。WSL・Prometheus・Alertmanager・"
            "Gateway のいずれかが停止しているか、ディスクが満杯です。復旧するまで、ほかのアラートは誰にも届きません。\n"
            "最初の確認（{{0}} の PowerShell で実行）:\n"
            "1. wsl --list --running\n   {distribution} が表示されること。なければ: schtasks /Run /TN {task}\n"
            "2. wsl -d {distribution} -u root systemctl status prometheus alertmanager\n"
            "   どちらも active であること。"
            "停止していれば: wsl -d {distribution} -u root systemctl restart prometheus alertmanager\n"
            "3. wsl -d {distribution} -u root df -h /\n   Avail が 0 でないこと。0 の場合、Prometheus は何も"
            "保存できません。\n"
            "4. Get-Service flatnet-gateway\n   Running であること。停止していれば: Start-Service flatnet-gateway\n"
            "{runbook}"
        ),
    ),
    "silent_machine": (
        "The machine {{0}} has not answered for {{1}} minutes",
        "マシン {{0}} が {{1}} 分間応答していません",
    ),
    "steps_machine": (
        (
            "{watcher} has had no answer of the Gateway on {{0}} since {{1}} ({url}).\n"
            "First steps:\n"
            "1. ping {lan}\n   It answers. If not: see whether the machine is switched on and connected.\n"
            "2. In PowerShell on {{0}}: Get-Service flatnet-gateway, nebula\n"
            "   Both are Running. If not: Start-Service flatnet-gateway; Start-Service nebula"
        ),
        (
            "{watcher} から {{0}} の Gateway への問い合わせに、{{1}} から応答がありません（{url}）。\n"
            "最初の確認:\n"
            "1. ping {lan}\n   応答があること。なければ、電源とネットワークを確認します。\n"
            "2. {{0}} の PowerShell で: Get-Service flatnet-gateway, nebula\n"
            "   どちらも Running であること。停止していれば: Start-Service flatnet-gateway; Start-Service nebula"
        ),
    ),
    "over_stack": ("The monitoring on {{0}} is back", "{{0}} の監視が復旧しました"),
    "over_machine": ("The machine {{0}} answers again", "マシン {{0}} が応答するようになりました"),
    "since": ("Last sign of life of {{0}}: {{1}}.", "{{0}} の最後の応答: {{1}}"),
    "forgets_subject": (
        "The watch over the monitoring on {host} cannot do its work",
        "{host} の監視停止の見張りが正しく動作していません",
    ),
    "forgets_text": (
        (
            "It cannot write down what it has seen and told. Until this is mended, silence of the monitoring is told "
            "late.\n{{0}}\n"
            "First steps, in PowerShell as administrator on {host}:\n"
            "1. Get-Volume {drive}\n   HealthStatus is Healthy and SizeRemaining is not 0.\n"
            "2. {prepare}\n   It sets the rights of the folders again."
        ),
        (
            "確認した内容と通知した内容を記録できません。復旧するまで、監視が停止しても通知が遅れます。\n{{0}}\n"
            "最初の確認（{host} で管理者として開いた PowerShell で実行）:\n"
            "1. Get-Volume {drive}\n   HealthStatus が Healthy で、SizeRemaining が 0 でないこと。\n"
            "2. {prepare}\n   フォルダのアクセス権が設定し直されます。"
        ),
    ),
    "test_subject": (
        "Test: {host} can tell you when the monitoring is silent",
        "テスト: {host} から、監視が応答しないときの通知を送れます",
    ),
    "test_text": (
        "Nothing is wrong. The far end of the dead man's switch was asked to show that its messages arrive.",
        "異常ではありません。監視の停止を知らせる通知が届くことを確認するためのメッセージです。",
    ),
}


def say(name: str, language: Language, **values: str) -> str:
    """A phrase in a language, with the values that are known when it is rendered."""
    return WORDS[name][1 if language == "ja" else 0].format(**values)

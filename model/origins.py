"""Where the values of secrets come from that somebody has to fetch: whom to ask, where to click, what to type."""

from __future__ import annotations

from model.backups import S3, Sftp
from model.bilingual import LANGUAGES, Bilingual, in_words
from model.host import Host
from model.notifications import DeadMansSwitch, Slack, Smtp

TEAMS = Bilingual(
    en="Teams, the channel's menu, Workflows: a workflow that posts when a webhook request is received; its URL",
    ja="Teams のチャンネルのメニュー → ワークフローで、Webhook 要求の受信時に投稿するワークフローを作ったときの URL",
)
PAGERDUTY = Bilingual(
    en="PagerDuty, the service, Integrations, Events API V2: its integration key",
    ja="PagerDuty のサービス → Integrations → Events API V2 の Integration Key",
)
RESTIC_PASSWORD = Bilingual(
    en="the team's password store, one for all hosts; for the first host make it with `openssl rand -base64 32`",
    ja="チームのパスワード保管庫（全ホスト共通。最初のホストのときに `openssl rand -base64 32` で作成）",
)
COMPANY_CA = Bilingual(
    en="those who run the company's CA: its root certificate, as PEM",
    ja="社内 CA の担当者から受け取るルート証明書（PEM）",
)


def slack(way: Slack) -> Bilingual:
    """A webhook of Slack."""
    return Bilingual(
        en=f"Slack, the app's page, Incoming Webhooks: one for the channel `{way.channel}`",
        ja=f"Slack アプリの管理画面の Incoming Webhooks で、チャンネル `{way.channel}` に追加した URL",
    )


def webhook(receiver: str) -> Bilingual:
    """A webhook of some other program."""
    return Bilingual(
        en=f"those who run the program that takes the messages of {receiver}",
        ja=f"{receiver} への通知を受け取るシステムの担当者",
    )


def mail(smtp: Smtp) -> Bilingual:
    """The password of an account at the mail server."""
    return Bilingual(
        en=f"those who run `{smtp.host}`; the account is `{smtp.username or smtp.sender}`",
        ja=f"`{smtp.host}` の担当者（アカウントは `{smtp.username or smtp.sender}`）",
    )


def heartbeat(switch: DeadMansSwitch) -> Bilingual:
    """The address that the heartbeat is sent to."""
    en, ja = (in_words(switch.silent_for, language) for language in LANGUAGES)
    return Bilingual(
        en=f"the outside service: URL of a check that tells {switch.receiver} after {en} without a call",
        ja=f"外部の監視サービスのチェックの URL（呼び出しが {ja}途絶えると {switch.receiver} に通知する設定にします）",
    )


def bucket(s3: S3) -> Bilingual:
    """A key of an S3 service."""
    return Bilingual(
        en=f"those who run `{s3.endpoint}`: a key that may read and write the bucket `{s3.bucket}`",
        ja=f"`{s3.endpoint}` の担当者（バケット `{s3.bucket}` を読み書きできる鍵）",
    )


def ssh_key(sftp: Sftp) -> Bilingual:
    """The private key with which a host logs in to the backup server."""
    made = "`ssh-keygen -t ed25519 -N '' -f /root/flatnet-backup`"
    return Bilingual(
        en=f"{made} makes it; give `/root/flatnet-backup.pub` to those who run `{sftp.host}` (user `{sftp.user}`)",
        ja=f"{made} で作成し、`/root/flatnet-backup.pub` を `{sftp.host}` の担当者に渡します（ユーザー `{sftp.user}`）",
    )


def host_key(sftp: Sftp) -> Bilingual:
    """What proves that the backup server is the right one."""
    made = f"`ssh-keyscan -p {sftp.port} {sftp.host}`"
    return Bilingual(
        en=f"{made} prints it; compare it with what those say who run `{sftp.host}`",
        ja=f"{made} で表示し、`{sftp.host}` の担当者に照合してもらいます",
    )


def wsl_of(host: Host, path: str) -> Bilingual:
    """A file that another host has in WSL."""
    return Bilingual(en=f"WSL on {host.name}: `cat {path}`", ja=f"{host.name} の WSL: `cat {path}`")


def windows_of(host: Host, path: str) -> Bilingual:
    """A file that another host has on Windows."""
    command = f"`Get-Content '{path}'`"
    return Bilingual(en=f"Windows on {host.name}: {command}", ja=f"{host.name} の Windows: {command}")

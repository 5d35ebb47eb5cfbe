"""Every secret of a host: where it lies, who reads it, how it is made. Its value is known to people alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from model import origins
from model.bilingual import Bilingual
from model.environment import Environment
from model.heartbeat import watches
from model.host import Host
from model.names import TASK_WATCH_HEARTBEAT
from model.values import WindowsPathValue

FOLDER = "/etc/flatnet-ops/secrets"
CA_KEY = "gateway-ca-key"

# User ids that the images run as (targets of the `User=` of their units).
ROOT, NOBODY, GRAFANA, LOKI = 0, 65534, 472, 10001


_TOKEN = Bilingual(
    en="token that hosts show each other, for metrics and for logs; the same on each",
    ja="ホスト同士がメトリクスの取得とログの送信に使うトークン（全ホスト共通）",
)

Make = Literal["ask", "random", "copy", "authority", "certificate", "request", "accounts"]
# What the script of certificates makes is made in WSL, also where the file lies on Windows.
_MADE_IN_WSL: tuple[Make, ...] = ("authority", "certificate", "request")


@dataclass(frozen=True)
class Secret:
    """A file that holds a secret. `owner` is the user id that reads it; `make` says how the value is had.

    ask: somebody gives it (a webhook address); random: it is made up on the host; copy: it is a file; authority,
    certificate: the script of certificates makes it; request: it makes the key, and the company's CA signs; accounts:
    people give their passwords. On Windows `account` reads it. `origin` says where somebody gets the value; Markdown
    code may stand in it.
    """

    name: str
    path: str
    owner: int
    readers: tuple[str, ...]
    what: Bilingual
    make: Make
    side: Literal["wsl", "windows"] = "wsl"
    account: Literal["LocalService", "LocalSystem"] = "LocalSystem"
    origin: Bilingual | None = None

    @property
    def made_on(self) -> Literal["wsl", "windows"]:
        """Where the command is typed that makes it."""
        return "wsl" if self.make in _MADE_IN_WSL else self.side

    @property
    def mode(self) -> int:
        """Only its owner may read it."""
        return 0o400


def secret_path(name: str) -> str:
    """Where a secret lies in WSL."""
    return f"{FOLDER}/{name}"


def windows_secret_path(host: Host, name: str) -> WindowsPathValue:
    """Where a secret lies on Windows."""
    return host.windows.secrets / name


def secrets(environment: Environment, host: Host) -> tuple[Secret, ...]:
    """The secrets of a host, by name; one that several programs read is listed once for each owner."""
    found = list(_backup(environment))
    if host == environment.monitoring_host:
        found += [*_alertmanager(environment), *_stack(environment)]
    else:
        found += _remote(environment, host)
    found += _gateway(environment, host) if "gateway" in host.roles else []
    found += _far_end(environment, host)
    unique = {(secret.side, secret.name): secret for secret in found}
    return tuple(unique[key] for key in sorted(unique))


def _secret(  # noqa: PLR0913 - the facts of a secret
    name: str, owner: int, reader: str, en: str, ja: str, make: Make, origin: Bilingual | None = None
) -> Secret:
    return Secret(name, secret_path(name), owner, (reader,), Bilingual(en=en, ja=ja), make, origin=origin)


def _alertmanager(environment: Environment) -> Iterator[Secret]:
    notifications = environment.notifications
    ways: list[tuple[str, str, str, Bilingual]] = []
    for name, receiver in notifications.receivers.items():
        if receiver.slack:
            users = [n for n, r in notifications.receivers.items() if r.slack and r.slack.url == receiver.slack.url]
            en, ja = f"Slack webhook of {', '.join(users)}", f"{'、'.join(users)} の Slack Webhook"
            ways.append((receiver.slack.url, en, ja, origins.slack(receiver.slack)))
        if receiver.teams:
            ways.append((receiver.teams.url, f"Teams webhook of {name}", f"{name} の Teams Webhook", origins.TEAMS))
        if receiver.webhook:
            ways.append((receiver.webhook.url, f"webhook of {name}", f"{name} の Webhook", origins.webhook(name)))
        if receiver.pagerduty:
            en, ja = f"PagerDuty key of {name}", f"{name} の PagerDuty キー"
            ways.append((receiver.pagerduty.routing_key, en, ja, origins.PAGERDUTY))
    if notifications.smtp and notifications.smtp.password:
        en, ja = "password at the mail server", "メールサーバーのパスワード"
        ways.append((notifications.smtp.password, en, ja, origins.mail(notifications.smtp)))
    if notifications.dead_mans_switch.url:
        en, ja, origin = (
            "address of the heartbeat",
            "ハートビートの送信先",
            origins.heartbeat(notifications.dead_mans_switch),
        )
        ways.append((notifications.dead_mans_switch.url, en, ja, origin))
    for secret, en, ja, origin in ways:
        yield _secret(secret, NOBODY, "alertmanager", en, ja, "ask", origin)


def _stack(environment: Environment) -> Iterator[Secret]:
    yield _secret(
        environment.monitoring.grafana_admin, GRAFANA, "grafana", "password of admin", "admin のパスワード", "random"
    )
    en, ja = "key with which Grafana encrypts what it stores", "Grafana が保存内容を暗号化する鍵"
    yield _secret(environment.monitoring.grafana_key, GRAFANA, "grafana", en, ja, "random")
    if environment.several_hosts:
        token, there = environment.gateway.ingress_token, environment.monitoring_host
        origin = origins.windows_of(there, windows_secret_path(there, token).backslashed)
        yield _secret(token, NOBODY, "prometheus", _TOKEN.en, _TOKEN.ja, "ask", origin)
    for name, workload in sorted(environment.workloads.items()):
        if workload.metrics and workload.metrics.token:
            en = f"token for the metrics of {name}: it is given the same one after its first start"
            ja = f"{name} のメトリクス用トークン（{name} には、最初の起動の後に同じ値を設定する）"
            yield _secret(workload.metrics.token, NOBODY, "prometheus", en, ja, "random")


def _backup(environment: Environment) -> Iterator[Secret]:
    backups = environment.backups
    en, ja = "password of the backups: keep a copy elsewhere", "バックアップのパスワード（別の場所にも保管すること）"
    makes: Make = "ask" if environment.several_hosts else "random"
    origin = origins.RESTIC_PASSWORD if environment.several_hosts else None
    yield _secret(backups.password, ROOT, "flatnet-backup", en, ja, makes, origin)
    if backups.repository.s3:
        s3 = backups.repository.s3
        yield _secret(
            s3.key_id, ROOT, "flatnet-backup", "S3 access key id", "S3 アクセスキー ID", "ask", origins.bucket(s3)
        )
        yield _secret(s3.key, ROOT, "flatnet-backup", "S3 secret key", "S3 シークレットキー", "ask", origins.bucket(s3))
    if backups.repository.sftp:
        sftp = backups.repository.sftp
        en, ja = "SSH key of the backup", "バックアップ用 SSH 鍵"
        yield _secret(sftp.key, ROOT, "flatnet-backup", en, ja, "copy", origins.ssh_key(sftp))
        en, ja = "host key of the backup server", "バックアップサーバーのホスト鍵"
        yield _secret(sftp.known_hosts, ROOT, "flatnet-backup", en, ja, "copy", origins.host_key(sftp))


def _remote(environment: Environment, host: Host) -> Iterator[Secret]:
    token = environment.gateway.ingress_token
    there = environment.monitoring_host
    origin = origins.windows_of(there, windows_secret_path(there, token).backslashed)
    yield Secret(token, secret_path(token), ROOT, ("alloy",), _TOKEN, "ask", origin=origin)
    path = windows_secret_path(host, token)
    if "gateway" in host.roles:
        yield replace(_of_gateway(token, path, _TOKEN, "ask"), readers=("Alloy", "Gateway"), origin=origin)
    else:
        yield Secret(token, path.backslashed, ROOT, ("Alloy",), _TOKEN, "ask", side="windows", origin=origin)


def ca_owner(environment: Environment, host: Host) -> int:
    """Who reads the certificate of the CA: the stack where it runs, else the script of certificates alone."""
    return NOBODY if host == environment.monitoring_host else ROOT


def _gateway(environment: Environment, host: Host) -> Iterator[Secret]:
    monitors = host == environment.monitoring_host
    makes: Make = "authority" if monitors and environment.gateway.tls.source == "own" else "copy"
    readers = "gateway-certificate" + (", blackbox-exporter, prometheus" if monitors else "")
    en, ja = "certificate of the CA that signs the Gateway's", "Gateway の証明書を発行する CA の証明書"
    name = environment.security.certificate_authority
    yield _secret(name, ca_owner(environment, host), readers, en, ja, makes, _origin_of_ca(environment, host, name))
    if environment.gateway.tls.source == "own":
        en, ja = "key of that CA: keep a copy elsewhere", "その CA の秘密鍵（別の場所にも保管すること）"
        origin = _origin_of_ca(environment, host, CA_KEY)
        yield _secret(CA_KEY, ROOT, "gateway-certificate", en, ja, makes, origin)
    signed: Make = "certificate" if environment.gateway.tls.source == "own" else "request"
    what = Bilingual(en="key of the Gateway's certificate", ja="Gateway の証明書の秘密鍵")
    yield _of_gateway("gateway.key", host.windows.certificates / "gateway.key", what, signed)
    what = Bilingual(en="names and passwords, as apr1 hashes", ja="ユーザー名とパスワード（apr1 ハッシュ）")
    name = environment.security.password_file
    yield _of_gateway(name, windows_secret_path(host, name), what, "accounts")
    if monitors and environment.several_hosts:
        name = environment.gateway.ingress_token
        yield _of_gateway(name, windows_secret_path(host, name), _TOKEN, "random")


def _origin_of_ca(environment: Environment, host: Host, name: str) -> Bilingual | None:
    if environment.gateway.tls.source == "company":
        return origins.COMPANY_CA
    there = environment.monitoring_host
    return None if host == there else origins.wsl_of(there, secret_path(name))


def _of_gateway(name: str, path: WindowsPathValue, what: Bilingual, make: Make) -> Secret:
    return Secret(name, path.backslashed, ROOT, ("Gateway",), what, make, side="windows", account="LocalService")


def _far_end(environment: Environment, host: Host) -> Iterator[Secret]:
    """What the far end of the dead man's switch tells people with."""
    notifications = environment.notifications
    receiver = notifications.receivers[notifications.dead_mans_switch.receiver]
    if not watches(environment, host):
        return
    ways: list[tuple[str, str, str, Bilingual]] = []
    if receiver.slack:
        en, ja = f"Slack webhook of {receiver.name}", f"{receiver.name} の Slack Webhook"
        ways.append((receiver.slack.url, en, ja, origins.slack(receiver.slack)))
    if receiver.email and notifications.smtp and notifications.smtp.password:
        en, ja = "password at the mail server", "メールサーバーのパスワード"
        ways.append((notifications.smtp.password, en, ja, origins.mail(notifications.smtp)))
    for name, en, ja, origin in ways:
        path = windows_secret_path(host, name).backslashed
        reader = (TASK_WATCH_HEARTBEAT,)
        what = Bilingual(en=en, ja=ja)
        yield Secret(name, path, ROOT, reader, what, "ask", "windows", "LocalService", origin)

"""The Gateway: OpenResty on Windows, the only thing that the LAN reaches."""

from typing import Literal

from pydantic import Field

from model import names
from model.base import Model, Named, NamedModel, usual
from model.forms import Several
from model.host import Host
from model.types import AccountName, DnsName, Duration, LogFile, Name, OptionalLogFile, Port, SecretRef, Size, UrlPath
from model.values import DurationValue, SizeValue, WindowsPathValue

# OpenResty for Windows waits with select(), which watches FD_SETSIZE sockets (openresty: doc/README-windows.md); a
# request that is passed on has two.
SOCKETS = 1024
CLIENT_CONNECTIONS = SOCKETS // 2
# Each stream of HTTP/2 may be a socket to a workload: a browser that loads a large page must not take them all. nginx
# itself would allow 128; browsers that speak HTTP/1.1 open 6.
HTTP2_STREAMS = 32
SERVICE = "flatnet-gateway"


class GatewayPorts(Model):
    """TCP ports of the Gateway on Windows."""

    http: Port = 80
    https: Port = 443
    api: Port = Field(8080, description="internal API of Flatnet")
    metrics: Port = Field(9145, description="metrics of the Gateway, and the ingress to the exporters behind it")


class RateLimit(Model):
    """How much one client, an address, may ask."""

    requests_per_second: int = Field(gt=0)
    burst: int = Field(ge=0, description="requests above the rate that are still served")


class LoginLimit(RateLimit):
    """How much one client may ask of what asks for a log-in."""

    requests_per_second: int = Field(10, gt=0)
    burst: int = Field(300, ge=0, description="requests above the rate that are still served")


class Upstream(Model):
    """What a site leads to: a port of a workload."""

    workload: Name
    port: Port


class Probe(Model):
    """What the monitoring host asks of a site to see that it is there."""

    path: UrlPath = "/"
    status: int = Field(200, ge=200, le=499, description="status of a good answer")


class Site(NamedModel):
    """One address in the browser, one workload behind it; served by the Gateway of the host that runs the workload."""

    server_name: DnsName = Field(description="DNS name under which the LAN reaches it")
    upstream: Upstream = Field(description="what it leads to; the Gateway of that workload's host serves it")
    networks: Several[Name] = Field(min_length=1, description="networks that may reach it (security.networks)")
    users: Several[AccountName] = Field(
        (), description="accounts that may use it (security.accounts); empty: no log-in at the Gateway"
    )
    rate_limit: RateLimit | None = Field(None, description="not set: clients ask as much as they like")
    max_body: Size = Field(SizeValue(64 << 20), description="largest request, for instance a git push")
    timeout: Duration = Field(DurationValue(60), description="how long the Gateway waits for the workload")
    probe: Probe = usual(Probe)


class GatewayLogs(Model):
    """The Gateway's log files, in the `logs` folder."""

    access: LogFile = Field("access.log", description="one JSON object for each request")
    error: LogFile = Field("error.log", description="nginx's own form")
    api: OptionalLogFile = Field(
        "api_access.log",
        description="log of Flatnet's own API, which is rotated like the access log; none: Flatnet writes none",
    )
    error_level: Literal["debug", "info", "notice", "warn", "error", "crit"] = "warn"

    @property
    def files(self) -> dict[str, str]:
        """Name of each log file, by its key."""
        every = {"access": self.access, "error": self.error, "api": self.api}
        return {key: name for key, name in every.items() if name != "none"}

    @property
    def collected(self) -> frozenset[str]:
        """Keys of those that go to Loki. That of Flatnet's API stays on its host: its format is Flatnet's to choose."""
        return frozenset({"access", "error"})


class Tls(Model):
    """TLS of the Gateway: 1.2 and 1.3 alone."""

    source: Literal["company", "own"] = Field(
        description="company: the company's CA signs; own: a small CA of one's own, by rendered scripts"
    )
    renew_before: Duration = Field(DurationValue(30 * 86400), description="when the renewal begins")
    hsts: Duration = Field(DurationValue(180 * 86400), description="how long browsers insist on https")


class Gateway(Model):
    """The Gateway of every host that has the role."""

    ports: GatewayPorts = usual(GatewayPorts)
    sites: Named[Name, Site] = Field(description="sites by name")
    logs: GatewayLogs = usual(GatewayLogs)
    tls: Tls
    login_limit: LoginLimit = Field(
        usual(LoginLimit),
        description="what one client may ask of all that the Gateway asks for a log-in, Grafana too: it slows whoever "
        "guesses passwords; a page with its scripts and panels is about a hundred requests",
    )
    latency_buckets: Several[float] = Field(
        (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
        description="upper bounds of the latency histogram, in seconds; objectives' limits are among them",
    )
    grafana_server_name: DnsName = Field(description="site under which people reach Grafana, at /grafana/")
    grafana_networks: Several[Name] = Field(
        min_length=1, description="networks that may reach Grafana (security.networks)"
    )
    ingress_token: SecretRef = Field(
        "ingress-token", description="what hosts show each other, for metrics and for logs"
    )


def nginx_command(host: Host) -> str:
    """Arguments that every call of nginx shares: they name the running one, whose events are named after its pid."""
    return f'-p "{host.windows.openresty}/" -c "{nginx_conf(host)}"'


def nginx_conf(host: Host) -> WindowsPathValue:
    """The first file that nginx reads: Flatnet's own, or a copy of ours."""
    return host.windows.config / "nginx.conf"


def nginx_conf_rendered(host: Host) -> WindowsPathValue:
    """Ours, for a host that has none of its own."""
    return host.windows.ops / "gateway/nginx.conf"


def nginx_conf_copy(host: Host) -> str:
    """A command for PowerShell: put ours in its place, unless a file lies there that does not begin as ours does."""
    used, ours = nginx_conf(host).backslashed, nginx_conf_rendered(host).backslashed
    first = f"(Get-Content '{used}' -TotalCount 1) -eq (Get-Content '{ours}' -TotalCount 1)"
    return f"if (-not (Test-Path '{used}') -or {first}) {{ Copy-Item '{ours}' '{used}' }}"


def nginx_reload(host: Host) -> str:
    """A command for PowerShell: the task that loads a new certificate loads everything else with it.

    It runs as the account of the service, which alone can signal nginx, and it tests the configuration first.
    """
    loaded = (host.windows.ops / "state/certificate.sha256").backslashed
    task = f"Start-ScheduledTask -TaskPath '\\{names.WINDOWS_TASKS}\\' -TaskName {names.TASK_WATCH_CERTIFICATE}"
    return f"Remove-Item -ErrorAction SilentlyContinue '{loaded}'; {task}"

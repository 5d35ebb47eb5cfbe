"""The certificate: a script of WSL with its settings and its timer. It writes to the drive of Windows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from generators.files import RenderedFile, wsl_file
from generators.templates import render
from model import names
from model.access import server_names
from model.certificate import CERTIFICATE_STATE, SCRIPT, authority_domains, valid_days
from model.deployment import Deployment
from model.host import Host
from model.secrets import CA_KEY, ca_owner, secret_path
from model.stateful import DATA

HERE = Path(__file__).parent
UNIT = "flatnet-gateway-certificate"


def files(deployment: Deployment, host: Host) -> Iterator[RenderedFile]:
    """Script, settings and units of a host."""
    script = (HERE / "host/gateway-certificate").read_text(encoding="utf-8")
    yield wsl_file(host.name, SCRIPT, script, mode=0o755)
    settings = _settings(deployment, host)
    text = render(HERE / "templates", "gateway-certificate.env.j2", deployment.name, settings=settings)
    yield wsl_file(host.name, "/etc/flatnet-ops/gateway-certificate.env", text)
    for kind in ("service", "timer"):
        text = render(
            HERE / "templates",
            f"{UNIT}.{kind}.j2",
            deployment.name,
            script=SCRIPT,
            state=settings["STATE"],
            textfiles=settings["TEXTFILES"],
            certificates=settings["CERTIFICATES"],
        )
        reload = f"systemctl daemon-reload && systemctl restart {UNIT}.timer"
        yield wsl_file(host.name, f"/etc/systemd/system/{UNIT}.{kind}", text, reload=reload)


def _settings(deployment: Deployment, host: Host) -> dict[str, str]:
    environment = deployment.environment
    tls = environment.gateway.tls
    return {
        "SOURCE": tls.source,
        "ENVIRONMENT": deployment.name,
        "NAMES": " ".join(server_names(environment, host)),
        "CERTIFICATES": host.windows.certificates.seen_from_wsl,
        "STATE": CERTIFICATE_STATE,
        "TEXTFILES": f"{DATA}/textfile",
        "AUTHORITY": secret_path(environment.security.certificate_authority),
        "AUTHORITY_KEY": secret_path(CA_KEY),
        "AUTHORITY_OWNER": str(ca_owner(environment, host)),
        "AUTHORITY_DOMAINS": " ".join(authority_domains(environment)),
        "RENEW_SECONDS": str(tls.renew_before.seconds),
        "VALID_DAYS": str(valid_days(environment)),
        "METRIC_EXPIRES": names.CERTIFICATE_EXPIRES,
        "METRIC_RUN": names.CERTIFICATE_LAST_RUN,
        "METRIC_EXIT": names.CERTIFICATE_LAST_EXIT,
    }

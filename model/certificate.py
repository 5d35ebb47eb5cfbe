"""Facts of the Gateway's certificate."""

from __future__ import annotations

from model.environment import Environment
from model.stateful import DATA

SCRIPT = "/usr/local/lib/flatnet-ops/gateway-certificate"
CERTIFICATE_STATE = f"{DATA}/certificate"

# Browsers take no server's certificate of more days, whoever signed it (CA/Browser Forum, since 2020).
LONGEST_DAYS = 397


def valid_days(environment: Environment) -> int:
    """How long a certificate of one's own CA holds: three times as long as its renewal may take."""
    return min(3 * round(environment.gateway.tls.renew_before.days), LONGEST_DAYS)


def authority_domains(environment: Environment) -> tuple[str, ...]:
    """The domains for which a CA of one's own can sign: those in which the names lie.

    `git.osaka.example.jp` lies in `osaka.example.jp`; a name directly below a top-level domain stands for itself.
    """
    gateway = environment.gateway
    found = {gateway.grafana_server_name, *(site.server_name for site in gateway.sites.values())}
    return tuple(sorted({_domain(name) for name in found}))


def _domain(name: str) -> str:
    parent = name.partition(".")[2]
    return parent if "." in parent else name

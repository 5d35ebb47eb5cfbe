"""Visitors of a running Gateway: each site and each door of ours, with what goes well, slowly, wrong and to nobody."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tests.acceptance.gateway_tree import password
from tests.acceptance.windows_side import WindowsSide

# What visitors ask for, beside what is probed, where all is well until a fault of a workload breaks two of the pages.
BREAKS, SLOW = "/breaks", "/takes-long"
OFTEN = ("/", *(f"/page-{number}" for number in range(6)), BREAKS, BREAKS, SLOW)
NOBODY = "nobody.example"  # a name that no site has
# One process asks for all. Every tenth turn something breaks.
TURNS = """
turn=0
while sleep {seconds}; do
    {usual}
    turn=$((turn + 1))
    [ $((turn % 10)) -ne 3 ] || {broken}
done
"""


def begin(side: WindowsSide, *, well: bool) -> None:
    """Start the visitors, who come from the LAN. Where all is well, nothing fails."""
    environment = side.deployment.environment
    sites = environment.sites_on(side.host)
    paths = OFTEN if well else ("/slow", "/missing")
    usual = [
        word
        for site in sites
        for path in (site.probe.path, *paths)
        for word in _ask(f"https://{site.server_name}{path}")
    ]
    grafana = f"https://{environment.gateway.grafana_server_name}{environment.monitoring.grafana_path}"
    account = next(iter(environment.security.accounts))
    usual += [*_ask(f"http://{NOBODY}/"), *_ask(f"http://{environment.gateway.grafana_server_name}/")]
    usual += [*_ask(grafana), "-u", f"{account}:{password(account)}"]
    broken = [word for site in sites for word in _ask(f"https://{site.server_name}/hangs-up")]
    lan = str(side.host.lan_address)
    curl = ["curl", "-sk", "--max-time", "5", "--interface", lan, "--resolve", f"{NOBODY}:80:{lan}"]
    wrong = ":" if well else shlex.join([*curl, *broken])
    script = TURNS.format(seconds=1 if well else 2, usual=shlex.join([*curl, *usual]), broken=wrong)
    side.scratch.start("visitors", [*side.prefix, "sh", "-c", script])


def _ask(url: str) -> Iterator[str]:
    yield from ("-o", "/dev/null", url)

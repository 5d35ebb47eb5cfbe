"""An environment that is well, at a pace of the test's, with a quiet past: what faults are made in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import yaml

from generators.files import RenderedFile
from generators.registry import GENERATORS
from generators.tree import complete, render_files
from model import names
from model.deployment import Deployment
from model.pace import faster
from model.stateful import DATA
from tests.acceptance.office import moved
from tests.acceptance.scratch_host import ScratchHost
from tests.acceptance.stack import Stack, bring_up
from tests.conftest import Programs

TREE = Path("/srv/rendered")
# An ext4 of its own, of 48 MB, also where node_exporter looks for it: below the root that it is shown.
DISK = "/srv/small"
MOUNT = """
truncate --size=48M /srv/small.img
mkfs.ext4 -q /srv/small.img
mkdir -p "$1" "/host$1"
mount -o loop /srv/small.img "$1"
mount --bind "$1" "/host$1"
"""
PAST_DAYS = 3  # the longest window that an alert looks back over
STEP = 60  # seconds between samples of the past
REQUESTS = 10  # of the past, each second


def rehearse(
    host: ScratchHost, deployment: Deployment, program: Programs, debian: Callable[[str], str], factor: int
) -> Stack:
    """A running stack in which all is well, in working hours, at a factor that is printed."""
    quick = faster(deployment, factor)
    print(quick.pace)
    tree = _written(host, quick)
    host.run(["sh", "-euc", MOUNT, "sh", DISK])
    stack = bring_up(
        host, quick, program, debian("nginx"), tree=tree, well=True, before=lambda stack: _past(stack, program)
    )
    # Here the first process has another root than the host's; node_exporter reads of the first what is mounted where.
    unit = "/run/units/node-exporter"
    host.run(["sed", "-i", "s/^exec /exec unshare --pid --fork --kill-child --mount-proc /", unit])
    host.run(["systemctl", "restart", "node-exporter.service"])
    return stack


def release(host: ScratchHost) -> None:
    """Give the small disk's device back, which outlives a host that ends without this."""
    host.run(["systemctl", "stop", "node-exporter.service"], check=False)
    host.run(["umount", f"/host{DISK}", DISK], check=False)


def _written(host: ScratchHost, deployment: Deployment) -> Path:
    """Render it all into a folder of the host. Working hours are now, in the one file that speaks of them."""
    tree = TREE / deployment.name
    files = [_at_work(file) for file in render_files(deployment, GENERATORS)]
    for path, content in complete(deployment, files).items():
        there = host.seen_from_outside / TREE.relative_to("/") / deployment.name / path
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(content)
    return tree


def _at_work(file: RenderedFile) -> RenderedFile:
    if file.target != "/etc/alertmanager/alertmanager.yml":
        return file
    configuration = moved(yaml.safe_load(file.content), "working")
    return replace(file, content=yaml.safe_dump(configuration, allow_unicode=True, sort_keys=False))


def _past(stack: Stack, program: Programs) -> None:
    """Give Prometheus days in which no budget burnt: a fault meets them on a host that has run for longer than this."""
    folder = f"{DATA}/prometheus"
    stack.host.write("/run/past", "".join(_samples(stack.deployment)))
    stack.host.run(["cp", program("promtool"), "/usr/local/bin/promtool"])
    stack.host.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", "/run/past", folder], timeout=120)
    stack.host.run(["chown", "-R", f"--reference={folder}", folder])


def _samples(deployment: Deployment) -> Iterator[str]:
    """OpenMetrics: sites that answered, and requests that were answered well and soon."""
    jobs = {job.name: job for job in deployment.jobs}
    seconds, step = PAST_DAYS * 86400 // deployment.pace.factor, max(1, STEP // deployment.pace.factor)
    now = int(time.time())
    moments = range(now - seconds, now, step)
    yield "# TYPE probe_success gauge\n"
    for name in (names.JOB_PROBE_HTTP, names.JOB_PROBE_TLS):
        for target in jobs[name].targets:
            labels = f'job="{name}",host="{target.host}",instance="{target.instance}",site="{target.site}"'
            yield from (f"probe_success{{{labels}}} 1 {moment}\n" for moment in moments)
    (gateway,) = jobs[names.JOB_GATEWAY].targets
    common = f'job="{names.JOB_GATEWAY}",host="{gateway.host}",instance="{gateway.instance}"'
    family = names.GATEWAY_REQUESTS.removesuffix("_total")
    sites = sorted(deployment.environment.gateway.sites)

    def rising(series: str) -> Iterator[str]:
        yield from (f"{series} {REQUESTS * (moment - moments[0])} {moment}\n" for moment in moments)

    yield f"# TYPE {family} counter\n"
    for site in sites:
        yield from rising(f'{names.GATEWAY_REQUESTS}{{{common},site="{site}",method="GET",status="2xx"}}')
    yield f"# TYPE {names.GATEWAY_DURATION} histogram\n"
    for site in sites:
        for bound in ("1.0", "+Inf"):
            yield from rising(f'{names.GATEWAY_DURATION}_bucket{{{common},site="{site}",le="{bound}"}}')
        yield from rising(f'{names.GATEWAY_DURATION}_count{{{common},site="{site}"}}')
        yield from rising(f'{names.GATEWAY_DURATION}_sum{{{common},site="{site}"}}')
    yield "# EOF\n"

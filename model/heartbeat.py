"""The dead man's switch: who beats, and which host's Windows watches which other one."""

from __future__ import annotations

from model.environment import Environment
from model.host import Host
from model.values import DurationValue

# How often Alertmanager sends the heartbeat.
HEARTBEAT_EVERY = DurationValue(60)


def watched_by(environment: Environment, host: Host) -> Host | None:
    """The next host of the ring, whose Gateway this host's Windows asks at its metrics port; None: there is no ring."""
    return _in_ring(environment, host, 1)


def watches(environment: Environment, host: Host) -> bool:
    """Whether a host's Windows is a far end: that of the monitoring host, and every one of a ring."""
    here = environment.notifications.dead_mans_switch.far_end == "windows"
    return here and (host == environment.monitoring_host or environment.several_hosts)


def watchers_of(environment: Environment, host: Host) -> tuple[Host, ...]:
    """Other hosts that ask this one's Gateway for its heartbeat: it must admit them."""
    before = _in_ring(environment, host, -1)
    return (before,) if before else ()


def _in_ring(environment: Environment, host: Host, steps: int) -> Host | None:
    if not environment.several_hosts or environment.notifications.dead_mans_switch.far_end != "windows":
        return None
    ring = sorted(environment.hosts)
    return environment.hosts[ring[(ring.index(host.name) + steps) % len(ring)]]

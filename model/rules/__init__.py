"""Rules between objects: what no single value shows.

A rule names the top-level keys that it reads; it is not asked when one of them is missing or faulty itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from model.environment import Environment
from model.rules.access import (
    machines_need_no_log_in,
    members_come_from_the_vpn_alone,
    people_can_log_in,
    sites_have_names_of_their_own,
)
from model.rules.broken import Broken
from model.rules.capacity import disk_fits, journal_holds_what_is_kept, memory_fits, retention_fits
from model.rules.delivery import (
    causes_are_told_first,
    critical_alerts_arrive_at_any_hour,
    dead_mans_switch_speaks,
    mail_has_a_server,
    receivers_exist,
    repeats_are_multiples,
    routes_match_something,
)
from model.rules.hosts import (
    addresses_are_of_machines,
    hosts_are_distinct,
    ports_are_distinct,
    registration_has_a_registry,
    roles_are_complete,
    subnets_are_apart,
    wsl_is_consistent,
)
from model.rules.policies import backups_are_apart, labels_are_free, objectives_can_be_measured, thresholds_are_in_order
from model.rules.sites import (
    buckets_ascend,
    log_files_are_apart,
    networks_and_accounts_exist,
    sites_lead_somewhere,
    workloads_are_whole,
)

Rule = Callable[[Environment], Iterable[Broken]]

RULES: dict[Rule, frozenset[str]] = {
    addresses_are_of_machines: frozenset({"hosts", "security"}),
    backups_are_apart: frozenset({"backups", "hosts"}),
    buckets_ascend: frozenset({"gateway"}),
    causes_are_told_first: frozenset({"monitoring", "notifications"}),
    critical_alerts_arrive_at_any_hour: frozenset({"alerts", "notifications"}),
    dead_mans_switch_speaks: frozenset({"notifications"}),
    disk_fits: frozenset({"backups", "cni", "hosts", "monitoring", "retention", "workloads"}),
    hosts_are_distinct: frozenset({"hosts"}),
    journal_holds_what_is_kept: frozenset({"retention"}),
    labels_are_free: frozenset({"alerts"}),
    log_files_are_apart: frozenset({"gateway"}),
    machines_need_no_log_in: frozenset({"gateway", "workloads"}),
    mail_has_a_server: frozenset({"notifications"}),
    members_come_from_the_vpn_alone: frozenset({"gateway", "remote_access", "security"}),
    memory_fits: frozenset({"hosts", "monitoring", "workloads"}),
    networks_and_accounts_exist: frozenset({"gateway", "remote_access", "security"}),
    objectives_can_be_measured: frozenset({"gateway", "objectives", "retention"}),
    people_can_log_in: frozenset({"gateway", "security"}),
    ports_are_distinct: frozenset({"gateway", "hosts", "monitoring"}),
    receivers_exist: frozenset({"notifications"}),
    registration_has_a_registry: frozenset({"cni", "hosts"}),
    repeats_are_multiples: frozenset({"notifications"}),
    retention_fits: frozenset({"monitoring", "retention"}),
    roles_are_complete: frozenset({"hosts"}),
    routes_match_something: frozenset({"alerts", "notifications"}),
    sites_have_names_of_their_own: frozenset({"gateway"}),
    sites_lead_somewhere: frozenset({"gateway", "workloads"}),
    subnets_are_apart: frozenset({"hosts", "security"}),
    thresholds_are_in_order: frozenset({"alerts", "backups", "gateway"}),
    workloads_are_whole: frozenset({"gateway", "hosts", "workloads"}),
    wsl_is_consistent: frozenset({"hosts"}),
}
"""Every rule, with the top-level keys that it reads."""


def broken_rules(environment: Environment, untrusted: set[str]) -> Iterator[Broken]:
    """Ask every rule that reads no untrusted key."""
    for rule, reads in RULES.items():
        if not reads & untrusted:
            yield from rule(environment)

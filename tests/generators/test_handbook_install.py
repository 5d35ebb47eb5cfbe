"""The install page alone is enough: values have a source, files that are used are made, people are reached."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from generators import handbook
from generators.handbook import install_proof
from model.bilingual import LANGUAGES
from model.deployment import Deployment
from model.secrets import secrets
from model.workload import WorkloadMetrics


def page(deployment: Deployment, path: str) -> str:
    """A page in English."""
    return next(file.content for file in handbook.generate(deployment, "en") if file.tree_path == f"handbook/en/{path}")


def test_what_people_fetch_has_a_source(deployment: Deployment) -> None:
    asked = 0
    for host in deployment.environment.hosts.values():
        for secret in secrets(deployment.environment, host):
            fetched = secret.make in {"ask", "copy"}
            assert (secret.origin is not None) == fetched, secret.name
            asked += fetched
    assert asked > 5


def test_the_source_of_another_hosts_secret_is_where_that_host_has_it(multi_host: Deployment) -> None:
    environment = multi_host.environment
    paths = {secret.path for secret in secrets(environment, environment.monitoring_host)}
    taken = [
        secret.origin[language]
        for name in ("osaka-2", "osaka-3")
        for secret in secrets(environment, environment.hosts[name])
        for language in LANGUAGES
        if secret.origin and "osaka-1" in secret.origin[language]
    ]
    assert len(taken) == 2 * 2 * 4
    assert [text for text in taken if not any(path in text for path in paths)] == []


def test_the_certificate_that_pcs_import_has_been_made(multi_host: Deployment) -> None:
    text = page(multi_host, "install/osaka-1.md")
    made = text.index("install -m 0644 /etc/flatnet-ops/secrets/ca-certificate /mnt/c/Users/Public/flatnet-ca.crt")
    assert made < text.index("certutil.exe -addstore Root 'C:\\Users\\Public\\flatnet-ca.crt'")


def test_the_test_alerts_reach_every_receiver_in_use(deployment: Deployment) -> None:
    environment = deployment.environment
    facts = install_proof.facts(deployment, environment.monitoring_host)
    told = {name for _, working, outside, _ in facts["arrive"] for name in (*working, *outside)}
    assert told == set(environment.notifications.receivers)
    assert len(facts["arrive"]) == 2
    assert facts["send"].count("severity=") == 2


def test_nebula_is_looked_at_where_hosts_are_joined(multi_host: Deployment, production: Deployment) -> None:
    assert "ping.exe -n 1 10.42.0.3" in page(multi_host, "install/osaka-2.md")
    assert "Install `osaka-1` first" in page(multi_host, "install/osaka-2.md")
    assert "Nebula" not in page(production, "install/tokyo-1.md")


def test_the_compose_file_is_one_that_is_rendered(deployment: Deployment) -> None:
    assert f"rendered/{deployment.name}/laptop/compose.yaml up --detach" in page(deployment, "laptop.md")


def test_a_drive_that_wsl_did_not_mount_gets_its_folder_first(production: Deployment) -> None:
    command = "mkdir -p /mnt/e\nmountpoint /mnt/e || mount -t drvfs E: /mnt/e\n"
    for name in ("install/tokyo-1.md", "backup.md"):
        assert command in page(production, name)


def test_a_workload_gets_its_token_once_it_has_settings_and_before_it_must_answer(production: Deployment) -> None:
    """Its settings lie in a volume that the first start makes."""
    text = page(production, "install/tokyo-1.md")
    (made,) = [
        s for s in secrets(production.environment, production.environment.monitoring_host) if "metrics" in s.name
    ]
    assert made.make == "random"
    steps = [
        "systemctl start forgejo.service",
        "```console\ncat /etc/flatnet-ops/secrets/forgejo-metrics-token; echo\n",
        "is `/var/lib/containers/storage/volumes/forgejo-data/_data` on this host",
        "systemctl restart forgejo.service",
        "query=up == 0",
    ]
    places = [text.index(step) for step in steps]
    assert places == sorted(places)


def test_the_token_of_another_hosts_workload_is_shown_where_it_lies(multi_host: Deployment) -> None:
    environment = multi_host.environment
    load = environment.workloads["builds"]
    metrics = WorkloadMetrics(site="forgejo", token="builds-token")
    changed = replace(
        multi_host,
        environment=environment.model_copy(
            update={"workloads": {**environment.workloads, "builds": load.model_copy(update={"metrics": metrics})}}
        ),
    )
    assert "**WSL** on `osaka-1`:\n\n```console\ncat /etc/flatnet-ops/secrets/builds-token" in page(
        changed, f"install/{load.host}.md"
    )


@pytest.mark.parametrize(("days", "told"), [([], "No holidays are entered"), ([3, 9], "entered until 2027-01-09")])
def test_the_end_of_the_list_of_holidays_is_told(production: Deployment, days: list[int], told: str) -> None:
    time = production.environment.time.model_copy(update={"holidays": {date(2027, 1, day): "x" for day in days}})
    changed = replace(production, environment=production.environment.model_copy(update={"time": time}))
    assert told in page(changed, "alerts.md")

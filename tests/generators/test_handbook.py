"""Every page says what the model says, in both languages, and every link of it leads somewhere."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from generators import handbook
from generators.escape import EscapeError, markdown
from generators.handbook.alerts import links, silent_without
from generators.handbook.prose import fenced, readable, span
from generators.handbook.words import PHRASES, speaker
from generators.tree import render
from model.alerting import Disabled
from model.bilingual import LANGUAGES, Language
from model.deployment import Deployment
from model.jobs import jobs
from model.secrets import secrets
from model.values import DurationValue

MARKDOWN = MarkdownIt("commonmark").enable("table")


def pages(deployment: Deployment) -> dict[str, str]:
    return {
        file.tree_path.removeprefix("handbook/"): file.content
        for language in LANGUAGES
        for file in handbook.generate(deployment, language)
    }


@cache
def anchors(page: str) -> set[str]:
    """The anchors that Forgejo and GitHub give to headings."""
    tokens = MARKDOWN.parse(page)
    headings = [token.content for before, token in pairwise(tokens) if before.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", heading.replace("\\", "")).lower().replace(" ", "-") for heading in headings}


def test_both_languages_have_the_same_pages(deployment: Deployment) -> None:
    found = pages(deployment)
    english = {path.removeprefix("en/") for path in found if path.startswith("en/")}
    assert english == {path.removeprefix("ja/") for path in found if path.startswith("ja/")}
    assert {f"runbooks/{alert.page}.md" for alert in deployment.alerts} <= english
    assert {f"install/{host}.md" for host in deployment.environment.hosts} <= english


def test_every_link_leads_to_a_page_and_a_heading(deployment: Deployment) -> None:
    found = pages(deployment)
    for path, text in found.items():
        links = re.findall(r'href="([^":]+)"', MARKDOWN.render(text))
        assert links, path
        for link in links:
            target, _, anchor = link.partition("#")
            page = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else path
            assert page in found, f"{path}: {link}"
            decoded = re.sub(r"(%[0-9A-F]{2})+", lambda m: bytes.fromhex(m[0].replace("%", "")).decode(), anchor)
            assert not anchor or decoded in anchors(found[page]), f"{path}: {link}"


def test_every_page_is_reached_from_the_first_one(deployment: Deployment) -> None:
    found = pages(deployment)
    reached, waiting = set(), ["en/README.md"]
    while waiting:
        path = waiting.pop()
        reached.add(path)
        links = re.findall(r"\]\(([^):#]+\.md)", found[path])
        linked = {posixpath.normpath(posixpath.join(posixpath.dirname(path), link)) for link in links}
        waiting += linked - reached
    assert reached == set(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_runbook_has_every_fact_of_its_alert(deployment: Deployment, language: Language) -> None:
    found = pages(deployment)
    for alert in deployment.alerts:
        page = found[f"{language}/runbooks/{alert.page}.md"]
        names = links(deployment, alert.page)
        assert alert.name.lower() in anchors(page)  # messages link to it
        assert alert.expr in page
        steps = (*alert.file.diagnosis, *alert.file.remedy, *([alert.first_step] if alert.job else []))
        for step in steps:
            assert readable(step.text[language], language, names) in page
            if step.run:
                assert all(line in page for line in step.run.command.splitlines())


def test_no_template_of_prometheus_is_left_in_a_text(deployment: Deployment) -> None:
    for path, text in pages(deployment).items():
        prose = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE)
        assert "{{" not in prose, path
        assert "<<" not in prose, path


def test_the_commands_of_a_step_are_read_as_one_block(deployment: Deployment) -> None:
    commands = {
        step.run.command
        for alert in deployment.alerts
        for step in (*alert.file.diagnosis, *alert.file.remedy)
        if step.run
    }
    blocks = {
        token.content.rstrip("\n")
        for text in pages(deployment).values()
        for token in MARKDOWN.parse(text)
        if token.type == "fence"
    }
    assert {command.rstrip("\n") for command in commands} <= blocks


def test_the_catalogue_has_a_row_for_each_alert_with_its_receivers(production: Deployment) -> None:
    page = pages(production)["en/alerts.md"]
    rows = {match[1]: match[0] for match in re.finditer(r"^\| \[(\w+)\].*$", page, re.MULTILINE)}
    assert set(rows) == {alert.name for alert in production.alerts}
    assert rows["GatewayDown"].endswith("| network, on-call | network, on-call |")
    assert rows["TargetDownLoki"].endswith("| operations | waits |")


def test_an_alert_that_is_switched_off_is_listed_with_reason_and_day(production: Deployment) -> None:
    environment = production.environment
    off = Disabled(reason="disk is being replaced", until=date(2027, 1, 15))
    policy = environment.alerts.model_copy(update={"disabled": {"DiskAlmostFull": off}})
    alerts = tuple(
        replace(alert, disabled_until=off.until) if alert.name == "DiskAlmostFull" else alert
        for alert in production.alerts
    )
    changed = replace(production, environment=environment.model_copy(update={"alerts": policy}), alerts=alerts)
    found = pages(changed)
    assert "| DiskAlmostFull | 2027-01-15 | disk is being replaced |" in found["en/alerts.md"]
    assert "Switched off until 2027-01-15" in found["en/runbooks/DiskAlmostFull.md"]
    assert "2027-01-15 まで無効" in found["ja/runbooks/DiskAlmostFull.md"]
    others = pages(production)
    assert {path for path, text in found.items() if others[path] != text} == {
        f"{language}/{page}" for language in LANGUAGES for page in ("alerts.md", "runbooks/DiskAlmostFull.md")
    }


def test_who_asks_the_stack_is_sent_to_the_host_that_has_it(multi_host: Deployment, production: Deployment) -> None:
    assert "**WSL** on `osaka-1`" in pages(multi_host)["en/runbooks/GatewayDown.md"]
    assert "**WSL** on" not in pages(production)["en/runbooks/GatewayDown.md"]


def test_the_install_page_names_every_secret_and_unit(deployment: Deployment) -> None:
    environment = deployment.environment
    for name, host in environment.hosts.items():
        page = pages(deployment)[f"en/install/{name}.md"]
        assert all(secret.path in page for secret in secrets(environment, host))
        units = [service.replace("_", "-") for service in environment.monitoring.services_on(host.roles)]
        units += [workload.name for workload in environment.workloads_on(host)]
        assert set(re.findall(r"systemctl start ([\w-]+)\.service", page)) == set(units)
        nat = host == environment.monitoring_host and host.wsl.networking == "nat"
        assert ("flatnet-windows-targets.service" in page) == nat


def test_the_page_of_ports_has_every_port_that_is_scraped(deployment: Deployment) -> None:
    page = pages(deployment)["en/ports.md"]
    addresses = {target.address for job in jobs(deployment.environment) for target in job.targets if target.address}
    for address in addresses:
        assert f"| {address.rsplit(':', 1)[1]}/tcp |" in page


@pytest.mark.parametrize("name", sorted(PHRASES))
def test_a_phrase_has_the_same_places_in_both_languages(name: str) -> None:
    english, japanese = (set(re.findall(r"\{(\w+)\}", PHRASES[name][language])) for language in LANGUAGES)
    assert english == japanese


def test_a_phrase_takes_escaped_values_only() -> None:
    with pytest.raises(TypeError, match="not escaped"):
        speaker("en")("install", host="tokyo-1")


@pytest.mark.parametrize(
    ("text", "english", "japanese"),
    [
        ("{{ $labels.host }} is down", "`host` is down", "`host` is down"),
        ("{{ $value | humanize }} %", "`value` %", "`値` %"),
        ("a_b {{ $labels.host_name }}", "a\\_b `host_name`", "a\\_b `host_name`"),
        ('{{ reReplaceAll ":.*" "" $labels.instance }}', "`instance`", "`instance`"),
        ("write `ops\\state` a_b", "write `ops\\state` a\\_b", "write `ops\\state` a\\_b"),
    ],
)
def test_what_prometheus_puts_in_later_is_shown_as_code(text: str, english: str, japanese: str) -> None:
    assert readable(text, "en") == english
    assert readable(text, "ja") == japanese


@pytest.mark.parametrize(
    ("seconds", "english", "japanese"),
    [
        (0, "0 seconds", "0 秒"),
        (60, "1 minute", "1 分"),
        (5400, "90 minutes", "90 分"),
        (108000, "30 hours", "30 時間"),
        (3600 * 49 + 60, "2 days 1 hour 1 minute", "2 日 1 時間 1 分"),
        (7 * 86400, "7 days", "7 日"),
    ],
)
def test_a_length_of_time_in_words(seconds: int, english: str, japanese: str) -> None:
    assert span(DurationValue(seconds), "en") == english
    assert span(DurationValue(seconds), "ja") == japanese


def test_the_name_of_an_alert_leads_to_its_runbook() -> None:
    where = {"DiskFilling": "DiskFilling.md"}
    assert (
        readable("See DiskFilling or NoSuchAlert.", "en", where) == "See [DiskFilling](DiskFilling.md) or NoSuchAlert."
    )


def test_what_is_blind_is_said_for_each_job(deployment: Deployment) -> None:
    found = pages(deployment)
    for alert in deployment.alerts:
        if alert.job:
            page = found[f"en/runbooks/{alert.page}.md"]
            section = page.split(f"\n## {alert.name}\n")[1].split("\n## ")[0]
            assert markdown(alert.job.unwatched.en) in section
    down = found["en/runbooks/TargetDown.md"]
    node = down.split("\n## TargetDownNode\n")[1].split("\n## ")[0]
    assert "[BackupStale](BackupStale.md)" in node
    assert "[WindowsDiskFilling]" not in node
    assert "systemctl restart node-exporter.service" in node
    assert "Restart-Service windows_exporter" in down


LINES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.just(" "), max_size=30)


@given(st.lists(LINES, min_size=1, max_size=5).map("\n".join).filter(lambda text: text.strip() != ""))
def test_a_block_in_a_list_holds_the_command_as_it_is(command: str) -> None:
    try:
        page = "1. Do this.\n\n" + fenced("sh", command, 4) + "\n\n2. Next.\n"
    except EscapeError:
        assert "```" in command
        return
    tokens = MARKDOWN.parse(page)
    blocks = [token.content for token in tokens if token.type == "fence"]
    assert [block.rstrip("\n") for block in blocks] == [command.rstrip("\n")]
    assert sum(token.type == "list_item_open" for token in tokens) == 2


# Units that Ubuntu, Podman or a person brings, where a step names them.
OTHERS = {"podman.socket", "chrony.service", "ntp.service", "ntpsec.service", "systemd-timesyncd.service"}


def test_every_unit_that_a_runbook_names_is_rendered_or_known(multi_host: Deployment) -> None:
    rendered = {path.split("/")[-1].replace(".container", ".service") for path in render(multi_host)}
    named = {
        unit
        for alert in multi_host.alerts
        for step in (*alert.file.diagnosis, *alert.file.remedy, *alert.file.first_step.values())
        if step.run and step.run.on == "wsl"
        for unit in re.findall(r"[\w@-]+\.(?:service|socket|timer|path)\b", step.run.command)
    }
    assert "flatnet-cni-collector.timer" in named
    assert named - rendered - OTHERS == set()


def test_an_alert_that_heeds_another_one_does_not_rely_on_what_that_one_measures(production: Deployment) -> None:
    alerts = {alert.name: alert for alert in production.alerts}
    heeds = alerts["GatewayErrorRateHigh"]
    assert 'ALERTS{alertname="SiteDown", alertstate="firing", job="probe-tls"}' in heeds.expr
    assert heeds not in silent_without(production, alerts["TargetDownProbeTls"])

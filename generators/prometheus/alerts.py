"""Alerting rules by alert file, and promtool's unit tests of each alert file."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from generators.rules import predicted, rule, texts
from model.alert import AlertTest, Firing
from model.catalogue import Alert
from model.deployment import Deployment
from model.inhibitions import outlives


def _metrics(deployment: Deployment) -> list[Alert]:
    return [alert for alert in deployment.alerts if alert.file.source == "metrics"]


def _by_page(deployment: Deployment) -> list[tuple[str, list[Alert]]]:
    found = sorted(_metrics(deployment), key=lambda alert: (alert.page, alert.name))
    return [(page, list(alerts)) for page, alerts in groupby(found, key=lambda alert: alert.page)]


def rules(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """One file with one group for each alert file: a slow one delays no other, and a test reads its own."""
    kept = outlives(deployment)
    return {
        page: {"groups": [{"name": page, "rules": [rule(alert, deployment, kept) for alert in alerts]}]}
        for page, alerts in _by_page(deployment)
    }


def tests(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """One file for each alert file, by its name."""
    return {
        page: {
            "rule_files": [f"../rules/{page}.yml"],
            "evaluation_interval": _step(alerts[0]),
            "tests": [_test(test, alert, deployment) for alert in alerts for test in alert.tests],
        }
        for page, alerts in _by_page(deployment)
    }


def _step(alert: Alert) -> str:
    """How often promtool evaluates a rule: what waits for long is tested over hours, of which each minute costs."""
    return "5m" if alert.hold and alert.hold.seconds >= 30 * 60 else "1m"


def _test(test: AlertTest, alert: Alert, deployment: Deployment) -> dict[str, Any]:
    # promtool's clock begins in 1970, before the day until which a disabled alert is off: it must be silent.
    fires = () if alert.disabled_until else test.fires
    return {
        "name": f"{alert.name} {test.name}" + (" (disabled: never)" if alert.disabled_until else ""),
        "interval": str(test.interval or "1m"),
        "input_series": [
            {"series": series.series.replace("#", str(number)), "values": series.values.replace("#", str(number))}
            for series in test.series
            for number in range(1, series.repeat + 1)
        ],
        "alert_rule_test": [
            {
                "eval_time": str(test.at),
                "alertname": alert.name,
                "exp_alerts": [_expected(firing, alert, deployment) for firing in fires],
            }
        ],
    }


def _expected(firing: Firing, alert: Alert, deployment: Deployment) -> dict[str, Any]:
    labels = {**firing.labels, **alert.labels}
    return {
        "exp_labels": dict(sorted(labels.items())),
        "exp_annotations": predicted(texts(alert, deployment), firing, labels),
    }

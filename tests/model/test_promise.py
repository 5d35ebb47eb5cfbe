"""How soon people are told follows from the intervals."""

from __future__ import annotations

import pytest

from model.deployment import Deployment
from model.pace import faster
from model.promise import promise


@pytest.mark.parametrize(
    ("name", "within"),
    [
        ("GatewayDown", "3m15s"),  # 15s + 15s + 2m + 15s + 30s
        ("GatewayErrorRateHigh", "11m15s"),  # and 5m for the window
        ("GatewayErrorBurst", "6m30s"),  # of logs: 5m + 1m + 30s
        ("ContainerRestartLoop", "16m"),  # no `for`
    ],
)
def test_a_promise_is_the_sum_of_its_parts(name: str, within: str, production: Deployment) -> None:
    (alert,) = (alert for alert in production.alerts if alert.name == name)
    assert str(promise(alert, production).within) == within


def test_a_rehearsal_promises_sooner(production: Deployment) -> None:
    quick = faster(production, 30)
    for usual, soon in zip(production.alerts, quick.alerts, strict=True):
        assert promise(soon, quick).within < promise(usual, production).within

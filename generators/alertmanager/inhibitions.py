"""Inhibitions, as Alertmanager reads them."""

from __future__ import annotations

from typing import Any

from model.deployment import Deployment
from model.inhibitions import inhibitions, is_, one_of


def rules(deployment: Deployment) -> list[dict[str, Any]]:
    """As Alertmanager reads them."""
    return [
        {
            "source_matchers": [is_("alertname", one.source), *one.source_where],
            "target_matchers": [one_of("alertname", one.targets), *one.where],
            "equal": list(one.equal),
        }
        for one in inhibitions(deployment)
    ]

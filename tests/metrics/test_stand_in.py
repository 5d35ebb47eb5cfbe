"""The stand-ins of the live run: a series twice in a scrape would be a sample that Prometheus refuses."""

from __future__ import annotations

import pytest

from metrics.catalogue import read
from model.deployment import Deployment
from tests.acceptance.stand_in import exposition, told, words
from tests.acceptance.stand_in_labels import labels


@pytest.mark.parametrize("name", sorted(read()))
def test_a_stand_in_shows_each_series_once(deployment: Deployment, name: str) -> None:
    for host in deployment.environment.hosts.values():
        known = labels(name, deployment, host)
        assert told(words(known)) == known
        lines = exposition(read()[name], told(words(known)), 5.0).splitlines()
        series = [line.rsplit(" ", 1)[0] for line in lines if not line.startswith("#")]
        assert series
        assert len(set(series)) == len(series)

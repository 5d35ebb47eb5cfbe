"""One version for each program: the one that judges is the one that is deployed."""

from __future__ import annotations

import pytest

from model.monitoring import Monitoring
from tools import programs

DEPLOYED = {
    "alertmanager": Monitoring().alertmanager.image.version,
    "alloy": Monitoring().alloy.image.version,
    "blackbox_exporter": Monitoring().blackbox_exporter.image.version,
    "loki": Monitoring().loki.image.version,
    "node_exporter": Monitoring().node_exporter.image.version,
    "prometheus": Monitoring().prometheus.image.version,
    "restic": Monitoring().restic_version,
}


@pytest.mark.parametrize("name", sorted(DEPLOYED))
def test_the_judge_has_the_version_that_is_deployed(name: str) -> None:
    release = {recipe.name: recipe.release for recipe in programs.recipes()}[name]
    assert release == DEPLOYED[name]


def test_a_changed_recipe_is_another_program() -> None:
    digests = [recipe.digest for recipe in programs.recipes()]
    assert len(set(digests)) == len(digests)


def test_an_unknown_program_is_refused() -> None:
    with pytest.raises(KeyError, match=r"is not in tools/programs\.toml"):
        programs.find("nginx")

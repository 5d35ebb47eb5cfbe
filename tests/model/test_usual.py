"""A part that is written overrides the keys that it names, and no other."""

from __future__ import annotations

from model.monitoring import Monitoring
from model.retention import LogsRetention


def test_one_key_of_a_program_is_overridden() -> None:
    usual = Monitoring()
    changed = Monitoring.model_validate({"prometheus": {"port": 9091}})
    assert changed.prometheus == usual.prometheus.model_copy(update={"port": 9091})
    assert changed.loki == usual.loki


def test_an_image_with_its_digest_takes_the_place_of_the_usual_one() -> None:
    image = f"docker.io/grafana/loki:3.7.8@sha256:{'0' * 64}"
    changed = Monitoring.model_validate({"loki": {"image": image}})
    assert str(changed.loki.image) == image
    assert changed.loki.memory == Monitoring().loki.memory


def test_one_key_of_a_row_of_the_retention_table() -> None:
    usual = LogsRetention()
    changed = LogsRetention.model_validate({"containers": {"per_day": "1GB"}})
    assert str(changed.containers.per_day) == "1GB"
    assert (changed.containers.keep, changed.containers.rotate) == (usual.containers.keep, usual.containers.rotate)

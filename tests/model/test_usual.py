"""A part that is written overrides the keys that it names, and no other."""

from __future__ import annotations

import subprocess
import sys

from model.monitoring import Monitoring
from model.retention import LogsRetention
from tests.conftest import ROOT


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


def test_loading_the_model_builds_no_validator_but_that_of_texts() -> None:
    """Each would cost every command as much as it costs to validate a whole environment."""
    look = (
        "import model.loader; from model.base import Model; kinds = [Model]\n"
        "for kind in kinds: kinds += kind.__subclasses__()\n"
        "print(len(kinds), *(kind.__name__ for kind in kinds if kind.__pydantic_complete__))"
    )
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    count, *built = done.stdout.split()
    assert int(count) > 50
    assert built == ["Bilingual"]

"""Every generator, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from generators import alertmanager, prometheus
from generators.files import RenderedFile
from model.deployment import Deployment

Generator = Callable[[Deployment], Iterable[RenderedFile]]

GENERATORS: dict[str, Generator] = {
    "alertmanager": alertmanager.generate,
    "prometheus": prometheus.generate,
}

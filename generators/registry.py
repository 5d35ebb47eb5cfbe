"""Every generator, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from generators import prometheus
from generators.files import RenderedFile
from model.deployment import Deployment

Generator = Callable[[Deployment], Iterable[RenderedFile]]

GENERATORS: dict[str, Generator] = {
    "prometheus": prometheus.generate,
}

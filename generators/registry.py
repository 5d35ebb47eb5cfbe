"""Every generator, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module

from generators.files import RenderedFile
from model.deployment import Deployment

Generator = Callable[[Deployment], Iterable[RenderedFile]]


def _generator(name: str) -> Generator:
    """Of the package of that name, which is loaded on first use: a render on two processors loads half in each."""

    def generate(deployment: Deployment) -> Iterable[RenderedFile]:
        rendered: Iterable[RenderedFile] = import_module(f"generators.{name}").generate(deployment)
        return rendered

    return generate


GENERATORS: dict[str, Generator] = {
    name: _generator(name)
    for name in (
        "alertmanager",
        "alloy",
        "backup",
        "cni",
        "gateway",
        "grafana",
        "handbook",
        "logrotate",
        "loki",
        "prometheus",
        "stack",
        "windows",
    )
}

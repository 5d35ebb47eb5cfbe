"""Every generator, by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from generators.files import RenderedFile
from model.bilingual import Language
from model.deployment import Deployment


@dataclass(frozen=True)
class Generator:
    """A package that renders files of a deployment, as a whole or the part of it that is in a language."""

    package: str
    language: Language | None = None

    @property
    def name(self) -> str:
        """What it is called: `loki`, `handbook-en`."""
        return f"{self.package}-{self.language}" if self.language else self.package

    def load(self) -> ModuleType:
        """Load the package, which otherwise happens on first use: a render on two processors loads half in each."""
        return import_module(f"generators.{self.package}")

    def __call__(self, deployment: Deployment) -> Iterable[RenderedFile]:
        """Render the files of a deployment."""
        part = (self.language,) if self.language else ()
        rendered: Iterable[RenderedFile] = self.load().generate(deployment, *part)
        return rendered


GENERATORS = {
    generator.name: generator
    for generator in (
        Generator("alertmanager"),
        Generator("alloy"),
        Generator("backup"),
        Generator("cni"),
        Generator("gateway"),
        Generator("grafana"),
        Generator("handbook", "en"),  # takes as long as all others together, so each processor has a language
        Generator("handbook", "ja"),
        Generator("logrotate"),
        Generator("loki"),
        Generator("prometheus"),
        Generator("stack"),
        Generator("windows"),
    )
}

"""Every generator, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from generators import (
    alertmanager,
    alloy,
    backup,
    gateway,
    grafana,
    handbook,
    logrotate,
    loki,
    prometheus,
    stack,
    windows,
)
from generators.files import RenderedFile
from model.deployment import Deployment

Generator = Callable[[Deployment], Iterable[RenderedFile]]

GENERATORS: dict[str, Generator] = {
    "alertmanager": alertmanager.generate,
    "alloy": alloy.generate,
    "backup": backup.generate,
    "gateway": gateway.generate,
    "grafana": grafana.generate,
    "handbook": handbook.generate,
    "logrotate": logrotate.generate,
    "loki": loki.generate,
    "prometheus": prometheus.generate,
    "stack": stack.generate,
    "windows": windows.generate,
}

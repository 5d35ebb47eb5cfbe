"""What a key means that is not set, where it follows from the rest of the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from model.environment import Environment

Path = tuple[str, ...]

_DERIVED: Mapping[Path, Callable[[Environment, Path], Any]] = {
    ("cni", "register_with_gateways"): lambda environment, _: environment.registers_containers,
    ("hosts", "*", "subnet"): lambda environment, path: str(
        environment.container_network(environment.hosts[path[1]]).subnet
    ),
}


def derived(environment: Environment, path: Path) -> Any:
    """The value, as people write it, that stands in for a key that is not set; None: the thing is simply absent."""
    for pattern, follows in _DERIVED.items():
        if len(pattern) == len(path) and all(part in ("*", here) for part, here in zip(pattern, path, strict=True)):
            return follows(environment, path)
    return None

"""What a key means that is not set, where it follows from the rest of the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from model.environment import Environment

Path = tuple[str, ...]

_DERIVED: Mapping[Path, Callable[[Environment, Path], object]] = {
    ("cni", "register_with_gateways"): lambda environment, _: environment.registers_containers,
    ("hosts", "*", "subnet"): lambda environment, path: (
        environment.container_network(environment.hosts[path[1]]).subnet
    ),
}


def derived(environment: Environment, path: Path) -> object | None:
    """The value that stands in for a key that is not set; None: there is none, the thing is simply absent."""
    for pattern, follows in _DERIVED.items():
        if len(pattern) == len(path) and all(part in ("*", here) for part, here in zip(pattern, path, strict=True)):
            return follows(environment, path)
    return None

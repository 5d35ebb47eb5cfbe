"""`flatnet-ops explain ENV [PATH]`: a value, where it was set, what it overrode, and which rendered files it reaches.

Which files a value reaches is found by rendering with another valid value and comparing, not by tracking reads: that
is what a person would see in a pull request.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from cli import project
from cli.errors import FINE, UserError
from cli.places import Path, keys, leaves, schema_at, split
from cli.reach import reach
from model.catalogue import CatalogueFile, read_catalogue
from model.deployment import Deployment
from model.derived import derived
from model.environment import Environment
from model.faults import near
from model.layers import Layered
from model.loader import deploy
from model.source import Node


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("environment", help="name of an environment")
    parser.add_argument("path", nargs="?", help="path of a value, such as retention.logs.gateway_error.keep")


def run(arguments: argparse.Namespace) -> int:
    """Print what there is to say of a value, or of every value. Returns the exit code.

    Raises:
        FaultsError: the environment cannot be used.
        UserError: the environment is abstract, or there is no such path.
    """
    layered = project.load_layers(arguments.environment)
    catalogue = read_catalogue(project.ALERTS)
    deployment = deploy(layered, catalogue)
    if deployment is None:
        raise UserError(f"`{layered.name}` is abstract; explain an environment that extends it")
    values = deployment.environment.model_dump(mode="json", exclude_none=True)
    path = split(arguments.path, values) if arguments.path else ()
    value, set_to = _look_up(values, path)
    if value is None:
        _explain_absent(layered, catalogue, deployment, path, path[: set_to + 1])
    elif isinstance(value, dict) and value:
        for leaf, inner in leaves(value, path, schema_at(path) or {}):
            print(_line(deployment.environment, layered.tree, leaf, inner))
    else:
        _explain(layered, catalogue, deployment, path, value)
    return FINE


def _look_up(values: Any, path: Path) -> tuple[Any, int]:
    """The value at a path and how many parts of the path are set; None: the path is known, and nothing is set there."""
    here = values
    for depth, part in enumerate(path):
        if isinstance(here, list) and part.isdigit() and int(part) < len(here):
            here = here[int(part)]
        elif isinstance(here, dict) and part in here:
            here = here[part]
        elif part in keys(schema_at(path[:depth]) or {}):
            _require_known(path, depth)
            return None, depth
        else:
            raise _unknown(path[: depth + 1], here if isinstance(here, dict) else ())
    return here, len(path)


def _require_known(path: Path, depth: int) -> None:
    for end in range(depth, len(path)):
        if schema_at(path[: end + 1]) is None:
            raise _unknown(path[: end + 1], ())


def _unknown(path: Path, names: Iterable[str]) -> UserError:
    hint = near(path[-1], {*keys(schema_at(path[:-1]) or {}), *names})
    return UserError(f"there is no `{'.'.join(path)}`" + (f"; {hint}" if hint else ""))


def _line(environment: Environment, tree: Node, path: Path, value: Any) -> str:
    if value is not None:
        return f"{'.'.join(path)} = {_shown(value)}  ({_origin(tree, path)})"
    follows = derived(environment, path)
    return f"{'.'.join(path)} is not set" + ("" if follows is None else f"  (derived: {_shown(follows)})")


def _explain(
    layered: Layered, catalogue: tuple[CatalogueFile, ...], deployment: Deployment, path: Path, value: Any
) -> None:
    print(f"{'.'.join(path)} = {_shown(value)}")
    print(f"  set in    {_origin(layered.tree, path)}")
    node, exact = layered.tree.find(_indexed(path))
    for below in node.overrode if exact else ():
        print(f"  overrode  {_shown(below.data())}  ({below.origin})")
    _print_reach(layered, catalogue, deployment, path, value, "shows in  ")


def _explain_absent(
    layered: Layered, catalogue: tuple[CatalogueFile, ...], deployment: Deployment, path: Path, unset: Path
) -> None:
    """`unset` is the highest part of the path at which nothing is set."""
    above = "" if unset == path else f", since `{'.'.join(unset)}` is not"
    print(f"{'.'.join(path)} is not set{above}")
    if means := (schema_at(path) or {}).get("description"):
        print(f"  means     {means}")
    follows = derived(deployment.environment, path)
    print(f"  default   {'none' if follows is None else f'{_shown(follows)}, which follows from the rest'}")
    _print_reach(layered, catalogue, deployment, unset, None, "would show in  ")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_shown(one) for one in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_shown(one)}" for key, one in value.items()) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _origin(tree: Node, path: Path) -> str:
    node, exact = tree.find(_indexed(path))
    return str(node.origin) if exact else "the model's default"


def _indexed(path: Path) -> tuple[str | int, ...]:
    return tuple(int(part) if part.isdigit() else part for part in path)


def _print_reach(  # noqa: PLR0913 - a value, and all that it takes to change it
    layered: Layered,
    catalogue: tuple[CatalogueFile, ...],
    deployment: Deployment,
    path: Path,
    value: Any,
    verb: str,
) -> None:
    found = reach(layered, catalogue, deployment, path, value)
    if found is None:
        print(f"  {verb}unknown: no other value was found that this environment could have here")
        return
    count = f"{len(found.files) or 'no'} file{'' if len(found.files) == 1 else 's'}"
    print(f"  {verb}{count} (rendered with `{_shown(found.other)}` and compared)")
    for file in found.files:
        print(f"            {project.RENDERED / layered.name / file}")

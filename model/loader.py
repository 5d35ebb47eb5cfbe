"""From the folders of environments and alerts to deployments, or to every fault in them."""

from __future__ import annotations

from pathlib import Path

from model.catalogue import CatalogueFile, resolve, unknown_alert_faults
from model.deployment import Deployment
from model.environment import Environment
from model.faults import Fault, FaultsError
from model.jobs import jobs
from model.layers import Layered, environment_names, read_environment, stray_files
from model.rules import broken_rules
from model.rules.broken import Broken
from model.source import Node
from model.validation import validate_partly


def load(folder: Path, name: str, catalogue: tuple[CatalogueFile, ...]) -> Deployment | None:
    """Load one environment; None if it is abstract.

    Raises:
        FaultsError: with every fault of the environment.

    """
    return deploy(read_environment(folder, name), catalogue)


def load_all(folder: Path, catalogue: tuple[CatalogueFile, ...]) -> list[Deployment]:
    """Load every environment that is not abstract, by name.

    Raises:
        FaultsError: with every fault of every environment.

    """
    faults = stray_files(folder)
    found = []
    for name in environment_names(folder):
        try:
            found.append(load(folder, name, catalogue))
        except FaultsError as error:
            faults.extend(error.faults)
    if faults:
        raise FaultsError(faults)
    return [deployment for deployment in found if deployment is not None]


def deploy(layered: Layered, catalogue: tuple[CatalogueFile, ...]) -> Deployment | None:
    """Validate a merged tree and resolve the catalogue for it; None if it is abstract.

    Raises:
        FaultsError: with every fault of the environment.

    """
    environment, faults, untrusted = validate_partly(Environment, layered.tree, may_miss=layered.abstract)
    faults.extend(_fault(layered.tree, broken) for broken in broken_rules(environment, untrusted))
    node, has_hosts = layered.tree.find(("hosts",))
    if layered.abstract and has_hosts:
        message = "an abstract environment has no hosts: nothing of it is rendered"
        faults.append(Fault(node.key_origin or node.origin, message, "leave out `abstract`, or the hosts"))
    if faults:
        raise FaultsError(faults)
    if layered.abstract:
        return None
    found = jobs(environment)
    alerts = resolve(catalogue, environment, found)
    faults = unknown_alert_faults(catalogue, alerts, layered.tree)
    if faults:
        raise FaultsError(faults)
    return Deployment(layered.name, environment, found, alerts)


def _fault(tree: Node, broken: Broken) -> Fault:
    node, exact = tree.find(broken.path)
    origin = node.origin if exact and not isinstance(node.value, dict | list) else node.key_origin or node.origin
    return Fault(origin, f"`{'.'.join(map(str, broken.path))}`: {broken.message}", broken.hint)

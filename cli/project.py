"""The checkout that a command works on: its folders, and what lies in them."""

from __future__ import annotations

from pathlib import Path

from cli.errors import UserError
from model.catalogue import read_catalogue
from model.deployment import Deployment
from model.layers import Layered, read_environment
from model.loader import deploy, load_all

# Relative to the checkout, from which every command is run: so faults name files as people know them.
ALERTS = Path("alerts")
ENVIRONMENTS = Path("environments")
RENDERED = Path("rendered")
SCHEMAS = Path("schemas")


def require_checkout() -> None:
    """Refuse to work anywhere but in a checkout.

    Raises:
        UserError: there is no `environments` here.
    """
    if not ENVIRONMENTS.is_dir():
        raise UserError(f"there is no folder `{ENVIRONMENTS}` here; run this in a checkout of Flatnet Ops")


def load_deployments() -> list[Deployment]:
    """Every environment that is not abstract, by name.

    Raises:
        FaultsError: with every fault of every environment, or of the alert catalogue.
    """
    require_checkout()
    return load_all(ENVIRONMENTS, read_catalogue(ALERTS))


def load_layers(name: str) -> Layered:
    """One environment's merged tree.

    Raises:
        FaultsError: a file of it cannot be used.
    """
    require_checkout()
    return read_environment(ENVIRONMENTS, name)


def load_deployment(name: str) -> Deployment:
    """One environment.

    Raises:
        FaultsError: with every fault of it.
        UserError: the environment is abstract.
    """
    deployment = deploy(load_layers(name), read_catalogue(ALERTS))
    if deployment is None:
        raise UserError(f"`{name}` is abstract: it is only inherited from; name an environment that extends it")
    return deployment

"""`flatnet-ops secrets ENV`: which secrets each host needs, where they lie, who reads them, and how each is made."""

from __future__ import annotations

import argparse

from cli import project
from cli.errors import FINE, UserError
from generators.handbook.install import make_command
from model.faults import near
from model.secrets import secrets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("environment", help="name of an environment")
    parser.add_argument("--host", help="only this host")


def run(arguments: argparse.Namespace) -> int:
    """Print the secrets of each host. Returns the exit code."""
    environment = project.load_deployment(arguments.environment).environment
    if arguments.host and arguments.host not in environment.hosts:
        raise UserError(f"there is no host `{arguments.host}`; {near(arguments.host, environment.hosts)}")
    for name, host in sorted(environment.hosts.items()):
        if arguments.host in {None, name}:
            print(f"{name}:")
            for secret in secrets(environment, host):
                print(f"  {secret.path}  ({secret.what[environment.language]})")
                print(f"    owner {secret.owner}, mode {secret.mode:04o}, read by {', '.join(secret.readers)}")
                print(f"    {make_command(secret)}")
    return FINE

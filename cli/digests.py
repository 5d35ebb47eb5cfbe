"""`flatnet-ops digests ENV`: look up the digests of images that have none, and print the lines to write.

A tag can be moved to another image; a digest cannot. The registries are asked by skopeo or podman, on a machine that
reaches them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess

from cli import project
from cli.errors import FINE, UserError
from generators.emit import to_yaml
from model.environment import Environment
from model.values import ImageValue


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("environment", help="name of an environment")


def run(arguments: argparse.Namespace) -> int:
    """Print the images with the digests that were found, as lines to write. Returns the exit code."""
    environment = project.load_deployment(arguments.environment).environment
    images = _without_digest(environment)
    if not images:
        print("every image has a digest")
        return FINE
    found = {path: ImageValue(image.name, image.tag, look_up(image)) for path, image in images.items()}
    data: dict[str, dict[str, dict[str, str]]] = {}
    for (section, name), image in found.items():
        data.setdefault(section, {})[name] = {"image": str(image)}
    print(f"# Write these under the same keys in environments/{arguments.environment}:")
    print(to_yaml(data, arguments.environment).split("\n", 1)[1], end="")
    return FINE


def _without_digest(environment: Environment) -> dict[tuple[str, str], ImageValue]:
    images = {("monitoring", name): service.image for name, service in environment.monitoring.services.items()}
    images |= {("workloads", name): workload.image for name, workload in sorted(environment.workloads.items())}
    return {path: image for path, image in images.items() if image.digest is None}


def look_up(image: ImageValue) -> str:
    """The digest that a registry gives for a tag.

    Raises:
        UserError: skopeo is not there, or the registry did not answer.
    """
    if shutil.which("skopeo") is None:
        raise UserError("skopeo asks the registries and is not installed; `apt-get install skopeo`")
    command = ["skopeo", "inspect", "--no-tags", f"docker://{image.name}:{image.tag}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise UserError(f"{image}: {done.stderr.strip().splitlines()[-1]}")
    digest = json.loads(done.stdout)["Digest"]
    assert isinstance(digest, str)
    return digest

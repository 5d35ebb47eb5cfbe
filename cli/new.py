"""`flatnet-ops new`: make a new environment from the template in scaffold/."""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

from cli import project
from cli.errors import FINE, UserError
from model.catalogue import read_catalogue
from model.faults import FaultsError
from model.layers import ENVIRONMENT_NAME
from model.loader import load

SCAFFOLD = Path(__file__).parent.parent / "scaffold"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments: one for each question of the template."""
    parser.add_argument("name", type=_name, help="name of the environment")
    for question, default in _questions().items():
        if question != "name":
            text = default if isinstance(default, str) else " or ".join(default)
            parser.add_argument("--" + question.replace("_", "-"), help=f"{_prompts()[question]} ({text})")


def run(arguments: argparse.Namespace) -> int:
    """Ask what was not given (at a terminal; else take the defaults) and write the environment. Returns the exit code.

    Raises:
        UserError: the environment is there already, or the answers do not make one; then nothing was written.
    """
    from cookiecutter.main import cookiecutter  # noqa: PLC0415 - a third of a second that no other command needs

    project.require_checkout()
    catalogue = read_catalogue(project.ALERTS)
    place = project.ENVIRONMENTS / arguments.name
    if place.exists():
        raise UserError(f"{place} is there already; choose another name, or edit it")
    answers = {key: value for key, value in vars(arguments).items() if value is not None}
    ask = sys.stdin.isatty() and len(answers) < len(_questions())
    with tempfile.TemporaryDirectory(prefix="flatnet-ops-") as scratch:
        copy = Path(scratch) / project.ENVIRONMENTS
        shutil.copytree(project.ENVIRONMENTS, copy)
        cookiecutter(str(SCAFFOLD), no_input=not ask, extra_context=answers, output_dir=str(copy))
        with contextlib.chdir(scratch):
            try:
                load(project.ENVIRONMENTS, arguments.name, catalogue)
            except FaultsError as error:
                raise UserError(f"{error}\nNothing was written; run the command again with other answers.") from None
        shutil.copytree(copy / arguments.name, place)
    print(f"wrote {place}; next: read it, `make render`, and commit both")
    return FINE


def _template() -> dict[str, dict[str, str] | list[str] | str]:
    read = json.loads((SCAFFOLD / "cookiecutter.json").read_text(encoding="utf-8"))
    assert isinstance(read, dict)
    return read


def _questions() -> dict[str, list[str] | str]:
    return {key: value for key, value in _template().items() if not isinstance(value, dict)}


def _prompts() -> dict[str, str]:
    prompts = _template()["__prompts__"]
    assert isinstance(prompts, dict)
    return prompts


def _name(text: str) -> str:
    if not ENVIRONMENT_NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"`{text}`: write a name in lower case such as osaka")
    return text

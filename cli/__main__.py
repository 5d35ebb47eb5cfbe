"""`flatnet-ops COMMAND`: choose the command, load nothing else, and give every error one form and one exit code."""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import sys
from typing import TYPE_CHECKING

from cli.errors import BUG, FINE, MISTAKE, USAGE, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMANDS = {
    "digests": "look up the digests of images that have none",
    "explain": "where a value comes from, and which rendered files it reaches",
    "new": "make a new environment",
    "render": "render every environment into rendered/",
    "schema": "write the JSON Schema of an environment into schemas/",
    "secrets": "which secrets each host needs, and how each is made",
}


def main(arguments: Sequence[str]) -> int:
    """Run one command. Returns its exit code."""
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        _print_help()
        return FINE if arguments else USAGE
    name = arguments[0]
    if name not in COMMANDS:
        print(f"flatnet-ops: there is no command `{name}`; `flatnet-ops --help` lists them", file=sys.stderr)
        return USAGE
    try:
        command = importlib.import_module(f"cli.{name}")
        parser = argparse.ArgumentParser(prog=f"flatnet-ops {name}", description=COMMANDS[name])
        command.add_arguments(parser)
        return _run(command.run, parser.parse_args(arguments[1:]))
    except KeyboardInterrupt:
        print("interrupted; what was written is whole, and the next run completes it", file=sys.stderr)
        return 130


def _print_help() -> None:
    print("flatnet-ops COMMAND [--help]\n\nDescribe a Flatnet once; render and prove everything that runs it.\n")
    for name, what in COMMANDS.items():
        print(f"  {name:<9} {what}")


def _run(command: Callable[[argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    from model.faults import FaultsError  # noqa: PLC0415 - `--help` loads nothing that it does not need

    try:
        return command(arguments)
    except FaultsError as error:
        count = len(error.faults)
        print(error, file=sys.stderr)
        print(f"\n{count} mistake{'s' if count > 1 else ''}; nothing was written.", file=sys.stderr)
        return MISTAKE
    except UserError as error:
        print(error, file=sys.stderr)
        return MISTAKE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `| head` has read enough
        return FINE
    except Exception as error:
        if os.environ.get("FLATNET_OPS_TRACEBACK"):
            raise
        print(
            f"This is a bug of flatnet-ops, not a mistake of yours: {type(error).__name__}: {error}\n"
            "Nothing is half-written. Run the command again with FLATNET_OPS_TRACEBACK=1 and report what it prints.",
            file=sys.stderr,
        )
        return BUG


if __name__ == "__main__":
    # A command makes few cycles and lives for less than a second: looking for them more often, and taking everything
    # apart at the end, would be a fifth of it. Plugins of pydantic are none of ours; looking for them costs as well.
    gc.set_threshold(1_000_000)
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    status = main(sys.argv[1:])
    gc.freeze()
    sys.exit(status)

"""The commands.

    backup init                     make the repository where there is none
    backup run [--part PART]        a snapshot of each part, then forget what the retention table lets go
    backup restore PART|all         put the newest whole snapshot back (--force: where data lies already)
    backup restore PART --to DIR    the same into a folder of yours, to look at it; nothing else is touched
    backup drill                    prove that the newest snapshot of each part can be restored
    backup settle                   put right what a killed command left (the units do it at their end)
    backup restic …                 restic itself, with repository and password: `backup restic snapshots`

Exit codes: 0 fine, 1 something failed (the others were tried), 11 another command is running, 78 no settings.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from . import metrics
from .drill import drill
from .journal import PATIENCE, alone
from .restic import Restic
from .restore import choose, fetch, restore
from .run import run
from .settings import STOPPED, Failed, Settings, read, say

# Where metrics go while the settings, which say so, cannot be read; the units set it.
TEXTFILES = "FLATNET_OPS_TEXTFILES"
KINDS = {"run": "backup", "drill": "restore_drill"}


def main() -> int:
    """Run a command; return its exit code."""
    arguments = _parser().parse_args()
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGHUP, _stop)
    try:
        settings = read()
    except Failed as failure:
        folder = os.environ.get(TEXTFILES)
        if folder and arguments.command in KINDS:
            metrics.spoil(Path(folder), KINDS[arguments.command], failure.code)
        print(failure, file=sys.stderr)
        return failure.code
    try:
        return _do(settings, arguments)
    except Failed as failure:
        print(failure, file=sys.stderr)
        return failure.code


def _do(settings: Settings, arguments: argparse.Namespace) -> int:
    command = arguments.command
    if command == "restic":
        restic = Restic(settings)
        restic.mounted()
        os.execvpe("restic", restic.command(*arguments.words)[3:], restic.environment())  # noqa: S606
    if command == "init":
        made = Restic(settings).create()
        say(f"{settings.repository.url} {'is made' if made else 'is there'}")
        return 0
    if command == "restore" and arguments.to:
        return _look(settings, arguments)
    try:
        with alone(settings, command, PATIENCE if command in KINDS else 0) as journal:
            if command == "run":
                return run(settings, arguments.part, journal)
            if command == "drill":
                return drill(settings, journal)
            if command == "restore":
                names = [] if arguments.part == "all" else [arguments.part]
                return restore(settings, names, journal, arguments.snapshot, force=arguments.force)
    except Failed:
        if command != "settle":
            raise
        say("nothing to put right: another command is running")
    return 0


def _look(settings: Settings, arguments: argparse.Namespace) -> int:
    (part,) = settings.chosen([arguments.part])
    restic = Restic(settings)
    restic.open()
    fetch(restic, choose(part, restic.snapshots(), arguments.snapshot), arguments.to)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="backup", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in ("init", "drill", "settle"):
        commands.add_parser(name)
    commands.add_parser("run").add_argument("--part", action="append", default=[], help="this part alone")
    back = commands.add_parser("restore")
    back.add_argument("part", help="the name of a part, or all")
    back.add_argument("--snapshot", metavar="ID", help="another snapshot than the newest whole one")
    way = back.add_mutually_exclusive_group()
    way.add_argument("--force", action="store_true", help="replace the data that lies there")
    way.add_argument("--to", type=Path, metavar="DIR", help="restore into this folder, and touch nothing else")
    commands.add_parser("restic", add_help=False).add_argument("words", nargs=argparse.REMAINDER)
    return parser


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Leave by the way of an error, so that services start again and metrics are written."""
    sys.exit(STOPPED)

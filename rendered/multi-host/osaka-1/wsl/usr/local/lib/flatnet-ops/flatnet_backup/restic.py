"""restic: how it is called, and what its answers mean."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .settings import NO_REPOSITORY, RESERVE, Failed, Part, Settings, say, size

INCOMPLETE = "incomplete"  # the tag of a snapshot that lacks what could not be read
NOT_READ, LOCKED = 3, 11
LINKED = ("prometheus", "stopped")  # ways that give restic links to files that never change
QUICK, LONG = 45 * 60, 5 * 3600  # seconds that a command may take; QUICK includes waiting for another host's lock
PATIENCE = "30m"  # for that lock
UNLOCKABLE = "unable to create lock"  # restic's words
AFTER_TERM = 60  # seconds in which restic takes its own lock away


@dataclass(frozen=True)
class Snapshot:
    """A snapshot as restic lists it. `time` is ISO 8601; the first of `paths` is the part's folder or its copy."""

    id: str
    time: str
    tags: tuple[str, ...]
    paths: tuple[str, ...]
    size: int  # bytes that a restore takes

    @property
    def whole(self) -> bool:
        """Whether everything could be read."""
        return INCOMPLETE not in self.tags


@dataclass
class Copy:
    """What a snapshot of a part is made of, and what is wrong with it."""

    paths: list[Path]
    excluded: list[Path] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Restic:
    """Calls restic for one host's repository."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def open(self) -> None:
        """See that the repository is there, and take away locks of processes that are gone.

        Raises:
            Failed: it is not there, or the password is wrong.

        """
        self.mounted()
        self.call("unlock")  # stale locks alone: of dead processes of this host, or not renewed for half an hour

    def create(self) -> bool:
        """Make the repository where there is none. Return whether it was made now."""
        self.mounted()
        if self.call("cat", "config", good=(0, NO_REPOSITORY))[0] == 0:
            return False
        self.call("init")
        return True

    def snapshots(self) -> list[Snapshot]:
        """The snapshots of this host, oldest first."""
        _, out = self.call("snapshots", "--json", "--no-lock", "--host", self.settings.host)
        found = [
            Snapshot(
                one["id"],
                one["time"],
                tuple(one.get("tags") or ()),
                tuple(one["paths"]),
                one["summary"]["total_bytes_processed"],
            )
            for one in json.loads(out) or []
        ]
        return sorted(found, key=lambda snapshot: snapshot.time)

    def backup(self, part: Part, found: Copy) -> tuple[int, dict[str, Any]]:
        """Make a snapshot of a part. Return 0 or 3 (something was not read or is wrong), and restic's summary."""
        options = ["--host", self.settings.host, "--tag", part.tag]
        if part.way in LINKED:  # a new link changes the ctime of a file that is the same as ever
            options += ["--ignore-ctime", "--ignore-inode"]
        options += ["--skip-if-unchanged"] if part.on_change else []
        for path in found.excluded:
            options += ["--exclude", literal(path)]
        words = ["backup", "--quiet", "--json", *options, *map(str, found.paths)]
        code, out = self.call(*words, good=(0, NOT_READ), limit=LONG)
        summary = next((line for line in _json_lines(out) if line.get("message_type") == "summary"), {})
        code = NOT_READ if found.wrong else code
        if code == NOT_READ and "snapshot_id" in summary:
            self.call("tag", "--add", INCOMPLETE, summary["snapshot_id"])
        return code, summary

    def call(self, *arguments: str, good: tuple[int, ...] = (0,), limit: float = QUICK) -> tuple[int, str]:
        """Call restic; return its exit code, one of the good ones, and what it printed.

        Raises:
            Failed: any other code, also one that a later version may invent, or too long a wait.

        """
        code, out, err = run(self.command(*arguments), limit, self.environment())
        for line in _json_lines(err):
            if line.get("message_type") == "error":
                say(f"restic could not read {line.get('item')}: {line['error']['message']}")
        if code not in good:
            raise Failed(f"restic {arguments[0]}: {last_word(err or out)}", code)
        return code, out

    def read(self, *arguments: str, limit: float = QUICK) -> None:
        """Call restic to read; also where it cannot write its lock, on a disk that is full or has become read-only.

        Raises:
            Failed: as `call`.

        """
        try:
            self.call(*arguments, limit=limit)
        except Failed as failure:
            if UNLOCKABLE not in str(failure) or failure.code == LOCKED:
                raise
            say(f"{failure}; reading without a lock")
            self.call(*arguments, "--no-lock", limit=limit)

    def command(self, *arguments: str) -> list[str]:
        """The command line of a call. restic ends with this process, so that no run goes on behind our back."""
        options = [word for option in self.settings.repository.options for word in ("-o", option)]
        return ["setpriv", "--pdeathsig", "TERM", "restic", "--retry-lock", PATIENCE, *options, *arguments]

    def environment(self) -> dict[str, str]:
        """Where the repository is and how it is opened."""
        repository = self.settings.repository
        environment = {
            **os.environ,
            "RESTIC_REPOSITORY": repository.url,
            "RESTIC_PASSWORD_FILE": self.settings.password_file,
            "RESTIC_CACHE_DIR": str(self.settings.folder / "cache"),
        }
        for name, path in repository.environment_files.items():
            try:
                environment[name] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise Failed(f"the secret {path} cannot be read: {error.strerror}") from error
        return environment

    def has_room(self) -> None:
        """See that the disk of the repository keeps something free: without it no snapshot could be deleted either.

        Raises:
            Failed: it is nearly full.

        """
        if not self.settings.repository.mount:
            return
        free = shutil.disk_usage(self.settings.repository.url).free
        if free < RESERVE:
            where, how = self.settings.repository.url, "the handbook's page on backups says how to free some"
            raise Failed(f"{size(free)} are free at {where}, less than the {size(RESERVE)} in reserve; {how}")

    def mounted(self) -> None:
        """See that the drive of the repository is there: a folder below it would lie on the disk that it is to save.

        Raises:
            Failed: nothing is mounted.

        """
        mount = self.settings.repository.mount
        if mount and not os.path.ismount(mount):
            drive = mount.rsplit("/", 1)[1]
            windows = f"mkdir -p {mount} && mount -t drvfs {drive.upper()}: {mount}"
            how = windows if len(drive) == 1 else f"mount {mount}"
            raise Failed(f"nothing is mounted at {mount}: plug the disk in, then `{how}`", NO_REPOSITORY)


def run(command: list[str], limit: float, environment: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Run a program; exit code, output, errors. Whatever ends the wait ends the program first.

    Raises:
        Failed: it took longer than `limit` seconds, or it is not installed.

    """
    try:
        process = subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise Failed(f"{command[0]} cannot be run: {error.strerror}") from error
    with process:
        try:
            out, err = process.communicate(timeout=limit)
        except BaseException as reason:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(AFTER_TERM)
            process.kill()
            if isinstance(reason, subprocess.TimeoutExpired):
                raise Failed(f"{' '.join(command[:4])} … took longer than {limit / 60:.0f} minutes") from reason
            raise
    return process.returncode, out, err


def literal(path: Path) -> str:
    """A path as a pattern of restic's that matches it alone."""
    return "".join(f"\\{letter}" if letter in "*?[\\" else letter for letter in str(path))


def _json_lines(text: str) -> list[dict[str, Any]]:
    found = []
    for line in text.splitlines():
        if line.startswith("{"):
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
    return found


def last_word(text: str) -> str:
    """What a failure is told with: restic's last message, and before it what ssh said, which is the reason."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return "it said nothing"
    (last,) = _json_lines(lines[-1]) or [{"message": next((x for x in lines if x.startswith("Fatal")), lines[-1])}]
    ssh = [line.removeprefix("subprocess ssh: ") for line in lines if line.startswith("subprocess ssh: ")]
    message = str(last.get("message", lines[-1]))  # of several lines, the rest is where in restic it happened
    return "; ".join([*ssh[-1:], message.splitlines()[0]])

"""A machine under the scripts: a folder that holds the drives of Windows, a clock that a test sets, real programs.

Files are shared as Windows shares them, as far as the scripts depend on it: one that a process has open for writing
cannot be opened unshared, and a lock goes with the process. `die_at` kills the process at the n-th point at which
something lasting happens: before it, in the middle of it where it has a middle, or after it.
"""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.powershell.cmdlets import CMDLETS
from tests.powershell.dotnet import Encoding, Stream, Time, Zip
from tests.powershell.language import Interpreter
from tests.powershell.values import IN_USE, NOTHING, Exit, Record, io_failure


@dataclass
class Scratch:
    """The machine. `events` are what was written to the event log: kind and text."""

    root: Path
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    nginx: tuple[str, ...] = ()
    die_at: int = 0
    points: int = 0
    events: list[tuple[str, str]] = field(default_factory=list)
    web: Callable[[dict[str, Any]], Record] | None = None
    mails: list[Any] = field(default_factory=list)
    cmdlets: dict[str, Callable[..., list[Any]]] = field(default_factory=dict)  # of this machine alone
    classes: dict[str, Callable[..., Any]] = field(default_factory=dict)

    # --- for tests ---

    def run_script(self, path: Path, **arguments: object) -> int:
        """Run a script of ours; its exit code."""
        interpreter = Interpreter(self)
        interpreter.scopes[0]["psscriptroot"] = self.windows(path.parent)
        try:
            interpreter.script(path, dict(arguments))
        except Exit as end:
            return end.code
        return 0

    def windows(self, path: Path) -> str:
        r"""`<root>/F:/flatnet` as `F:\flatnet`."""
        return str(path.relative_to(self.root)).replace("/", "\\")

    def here(self, path: str) -> Path:
        r"""`F:\flatnet` or `F:/flatnet` as `<root>/F:/flatnet`."""
        return self.root / path.replace("\\", "/")

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def point(self, _what: str) -> None:
        """A point at which a process may die."""
        self.points += 1
        if self.points == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    # --- programs ---

    def run(self, program: str, words: list[str]) -> int:
        """nginx, with its paths where they lie here."""
        assert program.endswith("nginx.exe"), program
        self.point("before nginx is told")
        known = {"-p": f"{self.root}/", "-c": ""}
        for index, word in enumerate(words):
            if word == "-c":
                known["-c"] = str(self.here(words[index + 1]))
        rest = [word for index, word in enumerate(words) if not ({word, words[index - 1]} & {"-p", "-c"})]
        command = [*self.nginx, "-p", known["-p"], "-c", known["-c"], *rest]
        code = subprocess.run(command, capture_output=True, timeout=30).returncode
        self.point("after nginx was told")
        return code

    def _written_by(self, path: Path) -> bool:
        """Whether nginx has the file open for writing."""
        inode = path.stat()
        for descriptor in (path for process in self._processes("nginx") for path in process.glob("fd/*")):
            try:
                other = descriptor.stat()
                if (other.st_ino, other.st_dev) != (inode.st_ino, inode.st_dev):
                    continue
                facts = Path(str(descriptor).replace("/fd/", "/fdinfo/")).read_text(encoding="ascii")
            except OSError:  # gone meanwhile
                continue
            flags = re.search(r"^flags:\s+(\d+)", facts, re.MULTILINE)
            if flags and int(flags[1], 8) & (os.O_WRONLY | os.O_RDWR):
                return True
        return False

    def process_name(self, number: int) -> str | None:
        """The name of a process, if there is such a one."""
        try:
            return Path(f"/proc/{number}/comm").read_text(encoding="utf-8").strip()
        except OSError:
            return None

    def processes(self, name: str) -> list[tuple[int, str | None]]:
        """Id and path of each process of a name; one that was not started for this machine lies elsewhere."""
        found: list[tuple[int, str | None]] = []
        for process in self._processes(name):
            try:
                place = (process / "cmdline").read_text(encoding="utf-8") + str((process / "cwd").readlink())
            except OSError:  # gone meanwhile
                continue
            ours = str(self.root) in place
            found.append((int(process.name), r"F:\flatnet\openresty\nginx.exe" if ours else "elsewhere"))
        return found

    def started(self, number: int) -> int:
        """When a process started, in no unit that matters."""
        try:
            return int(Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rsplit(") ", 1)[1].split()[19])
        except OSError:  # gone meanwhile
            return 0

    def end_process(self, number: int) -> None:
        """End a process at once."""
        os.kill(number, signal.SIGKILL)

    def _processes(self, name: str) -> list[Path]:
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "comm").read_text(encoding="utf-8").strip() == name:
                    found.append(process)
            except OSError:  # gone meanwhile
                continue
        return found

    # --- .NET ---

    def static(self, kind: str, member: str) -> Any:
        """A static member of a .NET class."""
        found = getattr(self, f"_{kind.removeprefix('System.').replace('.', '_')}_{member}", None)
        if found is None:
            raise NotImplementedError(f"[{kind}]::{member}")
        return found() if getattr(found, "is_property", False) else found

    def _IO_File_Exists(self, path: str) -> bool:  # noqa: N802
        return self.here(path).is_file()

    def _IO_File_Move(self, source: str, target: str) -> object:  # noqa: N802
        self.point(f"before {source} is moved")
        if self.here(target).exists():
            raise io_failure(f"{target} exists")
        try:
            self.here(source).rename(self.here(target))
        except OSError as error:
            raise io_failure(error) from None
        self.point(f"after {source} was moved")
        return NOTHING

    def _IO_File_Replace(self, source: str, target: str, _backup: object) -> object:  # noqa: N802
        self.point(f"before {target} is replaced")
        self.here(source).replace(self.here(target))
        self.point(f"after {target} was replaced")
        return NOTHING

    def _IO_File_Delete(self, path: str) -> object:  # noqa: N802
        self.point(f"before {path} is deleted")
        self.here(path).unlink(missing_ok=True)
        self.point(f"after {path} was deleted")
        return NOTHING

    def _IO_File_Create(self, path: str) -> Stream:  # noqa: N802
        file = self.here(path).open("wb")
        self.point(f"after {path} was created")
        return Stream(self, file)

    def _IO_File_Open(self, path: str, mode: str, _access: str, share: str) -> Stream:  # noqa: N802
        place = self.here(path)
        if mode == "Open":
            if not place.is_file():
                raise io_failure(f"{path} is not there")
            assert share == "Read"
            if self._written_by(place):
                raise io_failure(f"{path} is in use")
            return Stream(self, place.open("rb"))
        assert (mode, share) == ("OpenOrCreate", "None")
        place.touch()
        file = place.open("r+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise io_failure(error, IN_USE) from None
        return Stream(self, file)

    def _IO_File_ReadAllText(self, path: str) -> str:  # noqa: N802
        return self.here(path).read_text(encoding="utf-8")

    def _IO_File_ReadAllLines(self, path: str) -> list[str]:  # noqa: N802
        return self._IO_File_ReadAllText(path).splitlines()

    def _IO_File_WriteAllText(self, path: str, content: str, encoding: str) -> object:  # noqa: N802
        assert encoding == "utf-8 without a mark"
        with self.here(path).open("w", encoding="utf-8", newline="") as file:
            file.write(content[: len(content) // 2])
            file.flush()
            self.point(f"half of {path}")
            file.write(content[len(content) // 2 :])
        return NOTHING

    def _IO_Directory_CreateDirectory(self, path: str) -> object:  # noqa: N802
        self.here(path).mkdir(parents=True, exist_ok=True)
        return NOTHING

    def _IO_Directory_GetFiles(self, folder: str, pattern: str = "*", depth: str = "") -> list[str]:  # noqa: N802
        place = self.here(folder)
        found = place.rglob(pattern) if depth == "AllDirectories" else place.glob(pattern)
        return [self.windows(path) for path in found if path.is_file()]  # in no order, like NTFS through .NET

    def _IO_Directory_GetFileSystemEntries(self, folder: str) -> list[str]:  # noqa: N802
        return [self.windows(path) for path in self.here(folder).iterdir()]

    def _IO_Path_GetFileName(self, path: str) -> str:  # noqa: N802
        return path.rsplit("\\", 1)[-1]

    def _Array_Sort(self, values: list[str], comparer: str) -> object:  # noqa: N802
        assert comparer == "ordinal"
        values.sort()
        return NOTHING

    def _IO_Compression_ZipFile_OpenRead(self, path: str) -> Zip:  # noqa: N802
        return Zip(self.here(path), "r")

    def _IO_Compression_ZipFileExtensions_CreateEntryFromFile(  # noqa: N802
        self, archive: Zip, source: str, name: str
    ) -> str:
        archive.file.write(self.here(source), name)
        self.point(f"after {name} was put into the zip")
        return name

    def _regex_Escape(self, value: str) -> str:  # noqa: N802
        return re.escape(value)

    def _string_CompareOrdinal(self, left: str, right: str) -> int:  # noqa: N802
        return (left > right) - (left < right)

    def _Math_Max(self, left: int, right: int) -> int:  # noqa: N802
        return max(left, right)

    def _Math_Min(self, left: int, right: int) -> int:  # noqa: N802
        return min(left, right)

    def _Math_Pow(self, base: int, exponent: int) -> float:  # noqa: N802
        return float(base**exponent)

    def _Math_Floor(self, value: float) -> int:  # noqa: N802
        return int(value // 1)

    def _DateTimeOffset_FromUnixTimeSeconds(self, seconds: int) -> Time:  # noqa: N802
        return Time(datetime.fromtimestamp(seconds, UTC))

    def command(self, name: str) -> Callable[..., list[Any]] | None:
        """A cmdlet."""
        return self.cmdlets.get(name) or CMDLETS.get(name)


def _property(value: Callable[[Scratch], Any]) -> Callable[[Scratch], Any]:
    value.is_property = True  # type: ignore[attr-defined]
    return value


_PROPERTIES: dict[str, Callable[[Scratch], Any]] = {
    "_DateTime_UtcNow": lambda machine: Time(machine.now),
    "_DateTimeOffset_UtcNow": lambda machine: Time(machine.now),
    "_DateTime_Today": lambda machine: Time(
        machine.now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    ),
    "_StringComparer_Ordinal": lambda _: "ordinal",
    "_Globalization_CultureInfo_InvariantCulture": lambda _: "invariant",
    "_Text_Encoding_UTF8": lambda _: Encoding("utf-8"),
    "_Text_Encoding_ASCII": lambda _: Encoding("ascii"),
    "_Net_SecurityProtocolType_Tls12": lambda _: "Tls12",
    "_NullString_Value": lambda _: None,
    "_IO_Compression_CompressionMode_Compress": lambda _: "compress",
    "_IO_Compression_ZipArchiveMode_Create": lambda _: "w",
}
for _name, _getter in _PROPERTIES.items():
    setattr(Scratch, _name, _property(_getter))

"""Values that a description holds beside numbers and texts: lengths of time, sizes, images, Windows paths.

Each reads the form that people write and gives the same form back by `str`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@total_ordering
@dataclass(frozen=True)
class DurationValue:
    """A length of time in whole seconds, written as Prometheus writes it (`90s`, `1h30m`, `7d`)."""

    seconds: int

    @classmethod
    def parse(cls, text: str) -> DurationValue:
        """Read `1h30m`; raise ValueError for anything else."""
        if not re.fullmatch(r"(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?", text, re.ASCII) or not text:
            raise ValueError
        return cls(sum(int(n) * _UNIT_SECONDS[unit] for n, unit in re.findall(r"(\d+)([wdhms])", text)))

    @property
    def days(self) -> float:
        """The length in days."""
        return self.seconds / 86400

    @property
    def hours(self) -> float:
        """The length in hours."""
        return self.seconds / 3600

    def __str__(self) -> str:
        rest, parts = self.seconds, []
        for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
            count, rest = divmod(rest, size)
            if count:
                parts.append(f"{count}{unit}")
        return "".join(parts) or "0s"

    def __lt__(self, other: DurationValue) -> bool:
        return self.seconds < other.seconds


_SIZE_UNITS = {"B": 0, "KB": 10, "MB": 20, "GB": 30, "TB": 40}


@total_ordering
@dataclass(frozen=True)
class SizeValue:
    """A number of bytes, written `512MB` or `10GB`.

    Units are powers of 1024, as Prometheus, Loki, Podman and `.wslconfig` read them.
    """

    bytes: int

    @classmethod
    def parse(cls, text: str) -> SizeValue:
        """Read `512MB`; raise ValueError for anything else."""
        match = re.fullmatch(r"(\d+) ?([KMGT]?B)", text, re.ASCII)
        if not match:
            raise ValueError
        return cls(int(match[1]) << _SIZE_UNITS[match[2]])

    @property
    def mebibytes(self) -> int:
        """The size in units of 2^20 bytes, rounded up."""
        return -(-self.bytes >> 20)

    def __str__(self) -> str:
        for unit, shift in reversed(_SIZE_UNITS.items()):
            if self.bytes and self.bytes % (1 << shift) == 0:
                return f"{self.bytes >> shift}{unit}"
        return "0B"

    def __lt__(self, other: SizeValue) -> bool:
        return self.bytes < other.bytes


@dataclass(frozen=True)
class ImageValue:
    """A container image: full name and tag, and the digest where it is known."""

    name: str
    tag: str
    digest: str | None

    @classmethod
    def parse(cls, text: str) -> ImageValue:
        """Read `docker.io/grafana/loki:3.7.8[@sha256:…]`; raise ValueError for anything else."""
        match = re.fullmatch(
            r"(?P<name>[a-z0-9.-]+\.[a-z]+(?::\d+)?/[a-z0-9._/-]+):(?P<tag>[\w][\w.-]{0,127})"
            r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?",
            text,
            re.ASCII,
        )
        if not match:
            raise ValueError
        if match["tag"] == "latest":
            raise ValueError("`latest` names another image every week")
        return cls(match["name"], match["tag"], match["digest"])

    @property
    def version(self) -> str:
        """The tag without a leading `v`."""
        return self.tag.removeprefix("v")

    def __str__(self) -> str:
        return f"{self.name}:{self.tag}" + (f"@{self.digest}" if self.digest else "")


# Windows takes paths of 260 characters; the longest that we write below Flatnet's folder has some 120.
_LONGEST_FOLDER = 120
_SPACE = 32
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}


@dataclass(frozen=True)
class WindowsPathValue:
    """An absolute path on a Windows drive, kept with forward slashes: `F:/flatnet/logs`."""

    drive: str
    parts: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> WindowsPathValue:
        r"""Read `F:\flatnet` or `F:/flatnet`; raise ValueError, with the reason where there is one, for anything else.

        Names are what every program of Windows takes: ASCII, no name of a device, nothing that Windows cuts off.
        """
        if any(ord(char) < _SPACE for char in text):
            raise ValueError("in double quotes a backslash begins an escape: use single quotes or none")
        match = re.fullmatch(r"([A-Za-z]):[\\/](.*)", text)
        if not match:
            raise ValueError
        parts = tuple(re.split(r"[\\/]", match[2]))
        if parts == ("",):
            raise ValueError("it is a whole drive")
        if "" in parts:
            raise ValueError("a slash stands twice or at the end")
        for part in parts:
            if part.split(".")[0].rstrip().lower() in _DEVICES:
                raise ValueError(f"`{part}` is the name of a device in Windows")
            if not re.fullmatch(r"\w[\w .()-]*(?<![ .])", part, re.ASCII):
                raise ValueError(f"`{part}` is no name of a folder that we take: letters, digits, spaces and `.()_-`")
        if len(text) > _LONGEST_FOLDER:
            raise ValueError(f"it is longer than {_LONGEST_FOLDER} characters: paths below it would be too long")
        return cls(match[1].upper(), parts)

    def __truediv__(self, name: str) -> WindowsPathValue:
        return WindowsPathValue(self.drive, (*self.parts, *name.split("/")))

    @property
    def backslashed(self) -> str:
        r"""As Windows programs print it: `F:\flatnet\logs`."""
        return f"{self.drive}:\\" + "\\".join(self.parts)

    @property
    def mount(self) -> str:
        """Where WSL mounts its drive: `/mnt/f`."""
        return f"/mnt/{self.drive.lower()}"

    @property
    def seen_from_wsl(self) -> str:
        """Where WSL sees it: `/mnt/f/flatnet/logs`."""
        return "/".join((self.mount, *self.parts))

    def __str__(self) -> str:
        return f"{self.drive}:/" + "/".join(self.parts)

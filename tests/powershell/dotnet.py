"""Objects of .NET that our scripts use."""

from __future__ import annotations

import gzip
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from tests.powershell.values import NOTHING


class Points(Protocol):
    """What a stream tells of the points at which its process may die."""

    def point(self, what: str) -> None:
        """A point at which a process may die."""


class Time:
    """DateTime and DateTimeOffset: a moment in a zone."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def ToUniversalTime(self) -> Time:  # noqa: N802 - .NET's names, here and below
        return Time(self.moment.astimezone(UTC))

    def ToLocalTime(self) -> Time:  # noqa: N802
        return Time(self.moment.astimezone())

    def ToUnixTimeSeconds(self) -> int:  # noqa: N802
        return int(self.moment.timestamp())

    def AddSeconds(self, seconds: int) -> Time:  # noqa: N802
        return Time(self.moment + timedelta(seconds=seconds))

    def AddDays(self, days: int) -> Time:  # noqa: N802
        return Time(self.moment + timedelta(days=days))

    def ToString(self, form: str, _culture: object) -> str:  # noqa: N802
        return self.moment.strftime(
            {"yyyyMMdd'T'HHmmss'Z'": "%Y%m%dT%H%M%SZ", "yyyy-MM-dd HH:mm:ss": "%Y-%m-%d %H:%M:%S"}[form]
        )


class Stream:
    """FileStream, and GZipStream over it."""

    def __init__(self, machine: Points, file: BinaryIO | gzip.GzipFile) -> None:
        self.machine, self.file = machine, file

    def CopyTo(self, other: Stream) -> object:  # noqa: N802
        data = self.file.read()
        other.file.write(data[: len(data) // 2])
        other.file.flush()
        self.machine.point("half of a copy")
        other.file.write(data[len(data) // 2 :])
        return NOTHING

    def Flush(self, to_disk: bool) -> object:  # noqa: N802
        assert to_disk
        self.file.flush()
        self.machine.point("flushed to the disk")
        return NOTHING

    def Dispose(self) -> object:  # noqa: N802
        self.file.close()
        return NOTHING


class Zip:
    """ZipArchive."""

    def __init__(self, file: Any, mode: Any) -> None:
        self.file = zipfile.ZipFile(file, mode)

    @property
    def Entries(self) -> list[ZipEntry]:  # noqa: N802
        return [ZipEntry(self.file, name) for name in self.file.namelist()]

    def Dispose(self) -> object:  # noqa: N802
        self.file.close()
        return NOTHING


class ZipEntry:
    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self.archive, self.FullName = archive, name

    def Open(self) -> ZipStream:  # noqa: N802
        return ZipStream(self.archive.open(self.FullName))


class ZipStream:
    """What an entry holds. Like that of .NET Framework, it does not compare the checksum."""

    def __init__(self, file: Any) -> None:
        self.file = file
        file._expected_crc = None

    def read(self) -> bytes:
        content: bytes = self.file.read()
        return content

    def Dispose(self) -> object:  # noqa: N802
        self.file.close()
        return NOTHING


class Encoding:
    def __init__(self, name: str) -> None:
        self.name = name

    def GetBytes(self, value: str) -> bytes:  # noqa: N802
        return value.encode(self.name)

    def GetString(self, value: bytes) -> str:  # noqa: N802
        return value.decode(self.name)


class FileInfo:
    def __init__(self, path: Path) -> None:
        self.Length = path.stat().st_size


class Mail:
    """MailMessage; MailAddress is its text."""

    def __init__(self) -> None:
        self.To: Any = Added()
        self.From = self.Subject = self.Body = ""
        self.SubjectEncoding: Any = None
        self.BodyEncoding: Any = None

    def Dispose(self) -> object:  # noqa: N802
        return NOTHING


class Added(list[Any]):
    def Add(self, value: Any) -> object:  # noqa: N802
        self.append(value)
        return NOTHING


class Client:
    """SmtpClient: keeps what it was given."""

    def __init__(self, sent: list[Any], host: str, port: int) -> None:
        self.sent, self.address = sent, (host, port)
        self.EnableSsl, self.Timeout = False, 0
        self.Credentials: Any = None

    def Send(self, mail: Mail) -> object:  # noqa: N802
        self.sent.append((self, mail))
        return NOTHING

    def Dispose(self) -> object:  # noqa: N802
        return NOTHING

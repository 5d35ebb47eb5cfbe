"""Scalars: what one value may be, and what to write instead when it is not.

Each type reads the form that people write in YAML and says in its error what that form is. `str(value)` gives the
same form back.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from model.values import DurationValue, ImageValue, SizeValue, WindowsPathValue

T = TypeVar("T")


def fault(kind: str, message: str) -> PydanticCustomError:
    """An error whose message is final text; braces in it are kept as they are."""
    return PydanticCustomError(kind, "{text}", {"text": message})


def _parsed(kind: type[T], parse: Callable[[str], T], form: str, pattern: str | None = None) -> Any:
    """Annotations of a type read from a string: `parse` raises ValueError, `form` tells what to write."""

    def read(value: object) -> T:
        if isinstance(value, kind):
            return value
        if not isinstance(value, str):
            raise fault("form", f"write {form}")
        try:
            return parse(value)
        except ValueError as error:
            reason = f"{error}; " if error.args else ""
            raise fault("form", f"{reason}write {form}") from None

    schema: dict[str, Any] = {"type": "string", "description": form}
    if pattern:
        schema["pattern"] = pattern
    return BeforeValidator(read), PlainSerializer(str), WithJsonSchema(schema)


def _matching(pattern: str, form: str) -> Any:
    """Annotations of a string that matches `pattern` as a whole."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise fault("form", f"write {form}")
        return value

    return AfterValidator(check), WithJsonSchema({"type": "string", "pattern": f"^(?:{pattern})$", "description": form})


def _address(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except AddressValueError:
        raise ValueError from None


def _network(text: str) -> IPv4Network:
    try:
        return IPv4Network(text)
    except (AddressValueError, NetmaskValueError):
        raise ValueError from None
    except ValueError:  # host bits are set
        network = IPv4Network(text, strict=False)
        raise ValueError(f"`{text}` is an address in the network {network}") from None


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"`{text}` is no time zone") from None


def _date(value: object) -> date:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise fault("form", f"there is no day {value}; write a date such as 2026-12-29") from None
    raise fault("form", "write a date such as 2026-12-29")


def _clock(text: str) -> time:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError
    return time.fromisoformat(text)


def _duration(text: str) -> DurationValue:
    value = DurationValue.parse(text)
    if not 0 < value.seconds <= _LONGEST:
        raise ValueError("it is longer than nothing and at most ten years")
    return value


def _space(text: str) -> SizeValue:
    value = SizeValue.parse(text)
    if value.bytes > _LARGEST:
        raise ValueError("it is not more than 1024TB")
    return value


def _size(text: str) -> SizeValue:
    value = _space(text)
    if not value.bytes:
        raise ValueError("programs take a limit of nothing for none")
    return value


_LONGEST = 3650 * 86400  # seconds
_LARGEST = 1024 << 40  # bytes

Port = Annotated[int, Field(ge=1, le=65535, description="TCP or UDP port, 1 to 65535")]
Percent = Annotated[float, Field(ge=0, le=100, description="percent, 0 to 100", strict=False)]
Ratio = Annotated[float, Field(ge=0, le=1, description="share, 0 to 1", strict=False)]
Duration = Annotated[
    DurationValue,
    *_parsed(
        DurationValue,
        _duration,
        "a length of time such as 30s, 5m, 1h30m or 7d",
        r"^(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?$",
    ),
]
Size = Annotated[SizeValue, *_parsed(SizeValue, _size, "a size such as 512MB or 10GB", r"^\d+ ?[KMGT]?B$")]
Space = Annotated[SizeValue, *_parsed(SizeValue, _space, "a size such as 10GB, or 0GB", r"^\d+ ?[KMGT]?B$")]
Address = Annotated[
    IPv4Address, *_parsed(IPv4Address, _address, "an IPv4 address such as 192.168.10.20", r"^\d+(\.\d+){3}$")
]
Cidr = Annotated[
    IPv4Network, *_parsed(IPv4Network, _network, "an IPv4 network such as 192.168.10.0/24", r"^\d+(\.\d+){3}/\d+$")
]
Zone = Annotated[ZoneInfo, *_parsed(ZoneInfo, _zone, "a time zone such as Asia/Tokyo", r"^[A-Za-z_]+(/[A-Za-z_+-]+)*$")]
Day = Annotated[
    date,
    BeforeValidator(_date),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "format": "date", "description": "a date such as 2026-12-29"}),
]
Clock = Annotated[
    time,
    *_parsed(time, _clock, 'a time of day in quotes, such as "09:00"', r"^([01]\d|2[0-3]):[0-5]\d$"),
    PlainSerializer(lambda value: value.strftime("%H:%M")),
]
ImageRef = Annotated[
    ImageValue,
    *_parsed(ImageValue, ImageValue.parse, "an image with its registry and tag, such as docker.io/grafana/loki:3.7.8"),
]
WindowsPath = Annotated[
    WindowsPathValue,
    *_parsed(WindowsPathValue, WindowsPathValue.parse, r"a path on a Windows drive such as F:\flatnet or F:/flatnet"),
]
LinuxPath = Annotated[
    str, *_matching(r"(/[A-Za-z0-9._@%+-]+)+", "an absolute path in WSL without spaces, such as /var/lib/flatnet")
]
SecretRef = Annotated[
    str,
    *_matching(
        r"[a-z][a-z0-9-]{0,62}",
        "the name of a secret in lower case, such as slack-url: the secret itself lies in a file on the host, "
        "never here (`flatnet-ops secrets ENV` lists them)",
    ),
]
HostName = Annotated[str, *_matching(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?", "a short name in lower case such as tokyo-1")]
Name = Annotated[str, *_matching(r"[a-z]([a-z0-9-]{0,46}[a-z0-9])?", "a name in lower case such as forgejo")]
DnsName = Annotated[
    str,
    *_matching(
        r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*",
        "a DNS name in lower case such as git.example.co.jp",
    ),
]
AccountName = Annotated[str, *_matching(r"[A-Za-z][A-Za-z0-9._-]{0,30}", "an account name such as sato or Flatnet.Ops")]
AlertName = Annotated[str, *_matching(r"[A-Z][A-Za-z0-9]{2,60}", "an alert name such as DiskAlmostFull")]
LabelName = Annotated[str, *_matching(r"[a-z][a-z0-9_]{0,40}", "a label name such as team")]
MailAddress = Annotated[
    str, *_matching(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "an address such as ops@example.co.jp")
]
UrlPath = Annotated[str, *_matching(r"/[A-Za-z0-9._~/%-]*", "a path that begins with /, such as /api/healthz")]
WebAddress = Annotated[
    str,
    *_matching(r"https?://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9._~/%+=&?-]*)?", "an address such as https://example.jp/"),
]
VariableName = Annotated[
    str, *_matching(r"[A-Za-z_][A-Za-z0-9_]*", "a name of an environment variable such as DB_TYPE")
]
LabelValue = Annotated[str, *_matching(r"[^\x00-\x1f\x7f{}]+", "one line of text without braces")]
Text = Annotated[
    str,
    *_matching(r"[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*", "one line of text that says something"),
]

"""Scalars: what one value may be, and what to write instead when it is not.

Each type reads the form that people write in YAML and says in its error what that form is. `str(value)` gives the
same form back.
"""

from __future__ import annotations

import re
from datetime import date, time
from difflib import get_close_matches
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from model.forms import fault, matching, parsed
from model.values import DurationValue, ImageValue, SizeValue, WindowsPathValue


def _address(text: str) -> IPv4Address:
    try:
        address = IPv4Address(text)
    except AddressValueError:
        raise ValueError from None
    if reason := _nobodys(IPv4Network(address)):
        raise ValueError(f"no other machine is reached there: {reason}")
    return address


def _network(text: str) -> IPv4Network:
    if "/" not in text:
        raise ValueError
    try:
        network = IPv4Network(text)
    except (AddressValueError, NetmaskValueError):
        raise ValueError from None
    except ValueError:  # host bits are set
        network = IPv4Network(text, strict=False)
        raise ValueError(f"`{text}` is an address in the network {network}") from None
    if reason := _nobodys(network):
        raise ValueError(f"nobody comes from there: {reason}")
    if not network.prefixlen:
        raise ValueError("it is every address that there is")
    return network


def _nobodys(network: IPv4Network) -> str:
    """Why no machine of a LAN has an address of a network; empty: one may have."""
    for reserved, reason in _RESERVED.items():
        if network.subnet_of(reserved):
            return reason
    return ""


_RESERVED = {
    IPv4Network("0.0.0.0/8"): "0.x.x.x stands for no address",
    IPv4Network("127.0.0.0/8"): "127.x.x.x is each machine itself",
    IPv4Network("169.254.0.0/16"): "169.254.x.x is what a machine takes that was given no address",
    IPv4Network("224.0.0.0/4"): "224.x.x.x to 239.x.x.x are groups (multicast)",
    IPv4Network("240.0.0.0/4"): "240.x.x.x and above are reserved",
}


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        close = get_close_matches(text, available_timezones(), n=1)
        raise ValueError(f"`{text}` is no time zone" + (f", `{close[0]}` is" if close else "")) from None


def _date(value: object) -> date:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise fault("form", f"there is no day {value}; write a date such as 2026-12-29") from None
    raise fault("form", "write a date such as 2026-12-29")


def _clock(text: str) -> time:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text, re.ASCII):
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


def _whole_digest(value: object) -> object:
    _, at, digest = value.partition("@") if isinstance(value, str) else ("", "", "")
    if at and not re.fullmatch(r"sha256:[0-9a-f]{64}", digest, re.ASCII):
        raise fault(
            "form", f"`{digest}` is no digest; after `@` write `sha256:` and 64 hex digits (0-9, a-f), or no `@`"
        )
    return value


def _not_of_windows(text: str) -> str:
    if re.match(r"[A-Za-z]:[\\/]", text):
        seen = f"/mnt/{text[0].lower()}/" + re.sub(r"[\\/]+", "/", text[3:].strip("\\/"))
        raise fault("form", f"it is a path of Windows; WSL sees it as {seen}")
    return text


_LONGEST = 3650 * 86400  # seconds
_LARGEST = 1024 << 40  # bytes

Port = Annotated[int, Field(ge=1, le=65535, description="TCP or UDP port, 1 to 65535")]
Duration = Annotated[
    DurationValue,
    *parsed(
        DurationValue,
        _duration,
        "a length of time",
        ("30s", "5m", "1h30m", "7d"),
        r"^(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?$",
    ),
]
Size = Annotated[SizeValue, *parsed(SizeValue, _size, "a size", ("512MB", "10GB"), r"^\d+ ?[KMGT]?B$")]
Space = Annotated[SizeValue, *parsed(SizeValue, _space, "a size", ("10GB", "0GB"), r"^\d+ ?[KMGT]?B$")]
Address = Annotated[
    IPv4Address, *parsed(IPv4Address, _address, "an IPv4 address", ("192.168.10.20", "10.42.0.1"), r"^\d+(\.\d+){3}$")
]
Cidr = Annotated[
    IPv4Network,
    *parsed(IPv4Network, _network, "an IPv4 network", ("192.168.10.0/24", "10.8.0.0/24"), r"^\d+(\.\d+){3}/\d+$"),
]
Zone = Annotated[
    ZoneInfo, *parsed(ZoneInfo, _zone, "a time zone", ("Asia/Tokyo", "Asia/Seoul"), r"^[A-Za-z_]+(/[A-Za-z_+-]+)*$")
]
Day = Annotated[
    date,
    BeforeValidator(_date),
    PlainSerializer(str),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date",
            "description": "a date such as 2026-12-29",
            "examples": ["2026-12-29"],
        }
    ),
]
Clock = Annotated[
    time,
    *parsed(time, _clock, "a time of day, two digits each,", ("09:00", "18:00"), r"^([01]\d|2[0-3]):[0-5]\d$"),
    PlainSerializer(lambda value: value.strftime("%H:%M")),
]
ImageRef = Annotated[
    ImageValue,
    *parsed(ImageValue, ImageValue.parse, "an image with its registry and tag,", ("docker.io/grafana/loki:3.7.8",)),
    BeforeValidator(_whole_digest),  # the last is asked first
]
WindowsPath = Annotated[
    WindowsPathValue,
    *parsed(WindowsPathValue, WindowsPathValue.parse, "a folder on a Windows drive", (r"F:\flatnet", "F:/flatnet")),
]
Drive = Annotated[str, *matching("[A-Z]", "the capital letter of a Windows drive", "D")]
LinuxPath = Annotated[
    str,
    AfterValidator(_not_of_windows),
    *matching(
        r"(/(?!\.\.?(/|$))[A-Za-z0-9._@%+-]+)+",
        "an absolute path in WSL without spaces, `.` and `..`,",
        "/var/lib/flatnet",
    ),
]
SecretRef = Annotated[
    str,
    *matching(
        r"[a-z][a-z0-9-]{0,62}",
        "the name of a secret in lower case",
        "slack-url",
        more=": the secret itself lies in a file on the host, never here (`flatnet-ops secrets ENV` lists them)",
    ),
]
HostName = Annotated[
    str,
    *matching(
        r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?",
        "a name of at most 32 lower-case letters, digits and dashes",
        "tokyo-1",
    ),
]
Name = Annotated[
    str,
    *matching(
        r"[a-z]([a-z0-9-]{0,46}[a-z0-9])?", "a name of at most 48 lower-case letters, digits and dashes", "forgejo"
    ),
]
DnsName = Annotated[
    str,
    *matching(
        r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*",
        "a DNS name in lower case, without https:// and path,",
        "git.example.co.jp",
    ),
]
AccountName = Annotated[
    str,
    *matching(
        r"[A-Za-z][A-Za-z0-9._-]{0,30}",
        "an account name of at most 31 letters, without its domain,",
        "sato",
        "Flatnet.Ops",
    ),
]
LinuxUser = Annotated[str, *matching(r"[a-z_][a-z0-9_-]{0,31}", "a user name in lower case", "flatnet")]
Distribution = Annotated[
    str, *matching(r"[A-Za-z0-9._-]+", "the name of a distribution as `wsl -l` shows it,", "Ubuntu-24.04")
]
Interface = Annotated[
    str, *matching(r"[a-z][a-z0-9-]{0,14}", "the name of an interface of at most 15 letters", "flatnet-br0")
]
AlertName = Annotated[str, *matching(r"[A-Z][A-Za-z0-9]{2,60}", "an alert name", "DiskAlmostFull")]
LabelName = Annotated[str, *matching(r"[a-z][a-z0-9_]{0,40}", "a label name", "team")]
MailAddress = Annotated[
    str, *matching(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "an address", "ops@example.co.jp")
]
UrlPath = Annotated[str, *matching(r"/[A-Za-z0-9._~/%-]*", "a path that begins with /,", "/api/healthz")]
UrlFolder = Annotated[str, *matching(r"(/[A-Za-z0-9._-]+)+/", "a path between slashes,", "/grafana/")]
WebAddress = Annotated[
    str,
    *matching(
        r"https?://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9._~/%+=&?-]*)?", "an address", "https://git.example.co.jp/handbook"
    ),
]
Bucket = Annotated[
    str, *matching(r"[a-z0-9][a-z0-9.-]{2,62}", "the name of a bucket, 3 to 63 characters,", "flatnet-backup")
]
Channel = Annotated[
    str, *matching(r"[#@][^\s\x00-\x1f\x7f]{1,79}", "a channel with its #", "#flatnet-ops", more=", in quotes")
]
LogFile = Annotated[str, *matching(r"[A-Za-z0-9._-]+\.log", "a file name that ends with .log,", "access.log")]
OptionalLogFile = Annotated[
    str, *matching(r"none|[A-Za-z0-9._-]+\.log", "a file name that ends with .log, or `none`,", "access.log")
]
Version = Annotated[str, *matching(r"\d+\.\d+\.\d+", "a version of three numbers", "2.12.0")]
VariableName = Annotated[str, *matching(r"[A-Za-z_][A-Za-z0-9_]*", "a name of an environment variable", "DB_TYPE")]
LabelValue = Annotated[str, *matching(r"[^\x00-\x1f\x7f{}]+", "one line of text without braces")]
Text = Annotated[
    str,
    *matching(r"[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*", "one line of text that says something"),
]

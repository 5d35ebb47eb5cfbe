"""Scalars: what people write is read, what they meant is said when it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from model import types
from model.values import DurationValue, SizeValue, WindowsPathValue


@given(st.integers(0, 10**9))
def test_a_duration_is_read_back_as_it_is_written(seconds: int) -> None:
    assert DurationValue.parse(str(DurationValue(seconds))).seconds == seconds


@given(st.integers(0, 2**60))
def test_a_size_is_read_back_as_it_is_written(count: int) -> None:
    assert SizeValue.parse(str(SizeValue(count))).bytes == count


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("1h30m", 5400), ("7d", 604800), ("2w", 1209600), ("1d6h", 108000)]
)
def test_durations(text: str, seconds: int) -> None:
    assert DurationValue.parse(text).seconds == seconds


@pytest.mark.parametrize("text", ["", "7", "7 d", "d", "1m1h", "-1h", "1.5h", "5min"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is the type's that reads it
        DurationValue.parse(text)


def test_units_of_size_are_powers_of_1024() -> None:
    assert SizeValue.parse("1GB").bytes == 1 << 30


@pytest.mark.parametrize("text", [r"F:\flatnet\logs", "F:/flatnet/logs", "f:/flatnet\\logs"])
def test_a_windows_path_is_the_same_however_it_is_written(text: str) -> None:
    path = WindowsPathValue.parse(text)
    assert (str(path), path.backslashed, path.seen_from_wsl) == (
        "F:/flatnet/logs",
        "F:\\flatnet\\logs",
        "/mnt/f/flatnet/logs",
    )


@pytest.mark.parametrize(
    "text",
    [
        *("flatnet", "/flatnet", "F:flatnet", "F:/a/../b", "F:/a*b", "F:/a. ", "F:/", "F:/a/", "F:/a//b", "F:/業務"),
        *("F:/con", "F:/NUL.txt", "F:/a/Lpt1", "F:/com9 ", "F:/" + "a" * 120),
    ],
)
def test_what_is_no_windows_path(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is the type's that reads it
        WindowsPathValue.parse(text)


SCALARS = {
    name: getattr(types, name)
    for name in dir(types)
    if name[0].isupper() and hasattr(getattr(types, name), "__metadata__")
}


@pytest.mark.parametrize("name", sorted(SCALARS))
@given(value=st.text(max_size=40))
def test_no_scalar_lets_a_line_break_or_a_control_character_through(name: str, value: str) -> None:
    """So no escape can be led astray by one, in any format."""
    adapter = TypeAdapter(SCALARS[name])
    try:
        read = adapter.validate_python(value)
    except ValidationError:
        return
    assert not any(ord(char) < 32 or ord(char) == 127 for char in str(read))

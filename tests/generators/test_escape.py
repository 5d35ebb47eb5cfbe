"""Whatever an escape returns, the parser of its format reads back as it was."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from generators import escape, templates
from generators.escape import EscapeError
from generators.templates import UnescapedError

LINE = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp")), max_size=40)
ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)


@given(st.lists(LINE, min_size=1, max_size=10))
@settings(max_examples=50, deadline=None)
def test_a_shell_reads_back_every_word(words: list[str]) -> None:
    command = "printf '%s\\0' " + " ".join(escape.shell(word) for word in words)
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == words


@given(LINE)
def test_alloy_strings_use_only_escapes_that_go_and_json_share(text: str) -> None:
    written = escape.alloy(text)
    assert json.loads(written) == text
    assert set(re.findall(r"\\(.)", written)) <= {'"', "\\"}


@given(LINE)
def test_toml_reads_back_the_text(text: str) -> None:
    assert tomllib.loads(f"key = {escape.toml(text)}\n") == {"key": text}


@given(st.text(max_size=40))
def test_a_raw_string_of_alloy_holds_the_text_as_it_is_or_is_refused(text: str) -> None:
    try:
        assert escape.alloy_raw(text) == f"`{text}`"
    except EscapeError:
        assert "`" in text or "\r" in text


@given(ASCII.filter(lambda text: text.strip() == text and "  " not in text and text != ""))
def test_markdown_shows_the_text_as_it_is(text: str) -> None:
    shown = MarkdownIt("commonmark").enable("table").render(f"| h |\n| --- |\n| x{escape.markdown(text)}x |\n")
    cell = re.search(r"<td>(.*?)</td>", shown, re.DOTALL)
    assert cell is not None
    plain = cell[1].replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    assert plain == f"x{text}x"


@given(ASCII.filter(lambda text: text.strip() == text and text != "" and "  " not in text))
def test_markdown_code_shows_the_text_as_it_is(text: str) -> None:
    shown = MarkdownIt("commonmark").enable("table").render(f"| h |\n| --- |\n| {escape.markdown_code(text)} |\n")
    cell = re.search(r"<td><code>(.*?)</code></td>", shown, re.DOTALL)
    assert cell is not None, shown
    plain = cell[1].replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    assert plain == text


@given(ASCII)
def test_a_word_of_a_unit_is_one_word(text: str) -> None:
    words = shlex.split(escape.systemd_word(text).replace("%%", "%").replace("$$", "$"))
    assert words == [text]


@pytest.mark.parametrize(
    "function", [escape.alloy, escape.shell, escape.systemd, escape.systemd_word, escape.ini, escape.toml]
)
@pytest.mark.parametrize("text", ["a\nb", "a\0b", "a\x7fb", "a\u2028b"])
def test_one_line_stays_one_line(function: object, text: str) -> None:
    assert callable(function)
    with pytest.raises(EscapeError):
        function(text)


def rendered(folder: Path, template: str, **values: str) -> str:
    (folder / "t.j2").write_text(template, encoding="utf-8")
    return templates.render(folder, "t.j2", "production", **values)


def test_a_template_that_forgets_an_escape_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnescapedError, match="printed without an escape"):
        rendered(tmp_path, "value = {{ value }}\n", value="x")


def test_what_an_escape_returned_and_numbers_are_printed(tmp_path: Path) -> None:
    assert rendered(tmp_path, "{{ value | shell }} {{ 7 }}\n", value="a b") == "'a b' 7\n"

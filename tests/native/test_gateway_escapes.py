"""What the escapes of nginx and of Lua write, real nginx and real Lua read back as it was."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generators import escape
from generators.escape import EscapeError
from generators.lua import to_lua
from tests.acceptance.gateway_tree import MODULES
from tests.nginx import ENDS_WITH_US

LOAD = " ".join(f"load_module /usr/lib/nginx/modules/{name}.so;" for name in MODULES)
WORD = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp"), exclude_characters="$"), max_size=30)
QUICK = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@contextmanager
def running(nginx: str, folder: Path, http: str, until: str) -> Iterator[None]:
    """nginx with an `http` block of ours, once it has made a file."""
    user = "user root;" if os.geteuid() == 0 else ""
    conf = f"{LOAD} {user} pid {folder}/pid; error_log stderr error; events {{}} http {{ access_log off; {http} }}"
    (folder / "nginx.conf").write_text(conf, encoding="utf-8")
    words = ["-p", f"{folder}/", "-e", "stderr", "-c", f"{folder}/nginx.conf", "-g", "daemon off; master_process off;"]
    process = subprocess.Popen([*ENDS_WITH_US, nginx, *words], stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(200):
            if (folder / until).exists() or process.poll() is not None:
                break
            time.sleep(0.02)
        if process.poll() is not None or not (folder / until).exists():
            process.kill()
            raise AssertionError(process.communicate()[1])
        yield
    finally:
        process.kill()  # it forgets a SIGTERM that comes before it waits for events
        process.communicate(timeout=10)


# Writes a value as JSON: strings as lists of bytes, so that nothing is lost on the way.
SHOW = """
local function show(value)
  if type(value) == "string" then
    return '{"bytes":[' .. table.concat({value:byte(1, -1)}, ",") .. "]}"
  elseif type(value) == "number" then
    return ("%.17g"):format(value)
  elseif type(value) ~= "table" then
    return tostring(value)
  end
  local parts = {}
  for key, item in pairs(value) do
    parts[#parts + 1] = "[" .. show(key) .. "," .. show(item) .. "]"
  end
  return '{"table":[' .. table.concat(parts, ",") .. "]}"
end
"""


def plain(shown: object) -> object:
    """What SHOW wrote, as Python has it; a list is a table whose keys count from 1."""
    if not isinstance(shown, dict):
        return shown
    if "bytes" in shown:
        return bytes(shown["bytes"]).decode()
    table = {plain(key): plain(item) for key, item in shown["table"]}
    if table and all(isinstance(key, int) for key in table):
        return [table[index] for index in range(1, len(table) + 1)]
    return table


NUMBERS = st.integers(-(2**52), 2**52) | st.floats(allow_nan=False, allow_infinity=False)
DATA = st.recursive(
    st.text(max_size=20) | NUMBERS | st.booleans(),
    lambda inner: st.lists(inner, min_size=1, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(documents=st.lists(st.dictionaries(st.text(max_size=8), DATA, max_size=5), min_size=20, max_size=20))
@QUICK
def test_lua_reads_back_every_table(
    documents: list[dict[str, object]],
    debian_program: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("lua")
    for number, document in enumerate(documents):
        (folder / f"{number}.lua").write_text(to_lua(document, "production"), encoding="utf-8", newline="")
    script = f"""{SHOW}
for i = 0, {len(documents) - 1} do
  local file = io.open("{folder}/" .. i .. ".json", "w")
  file:write(show(dofile("{folder}/" .. i .. ".lua")))
  file:close()
end
io.open("{folder}/done", "w"):close()
"""
    (folder / "all.lua").write_text(script, encoding="utf-8")
    with running(debian_program("nginx"), folder, f"init_by_lua_file {folder}/all.lua;", "done"):
        for number, document in enumerate(documents):
            assert plain(json.loads((folder / f"{number}.json").read_text("utf-8"))) == document


@given(words=st.lists(WORD, min_size=40, max_size=40))
@QUICK
def test_nginx_reads_back_every_word(
    words: list[str], debian_program: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("nginx")
    variables = " ".join(f"set $word{number} {escape.nginx(word)};" for number, word in enumerate(words))
    answer = f"""content_by_lua_block {{ {SHOW}
local found = {{}}
for i = 0, {len(words) - 1} do found[i + 1] = ngx.var["word" .. i] end
ngx.say(show(found)) }}"""
    server = f"server {{ listen unix:{folder}/socket; {variables} location / {{ {answer} }} }}"
    with (
        running(debian_program("nginx"), folder, server, "socket"),
        socket.socket(socket.AF_UNIX) as client,
    ):
        client.connect(f"{folder}/socket")
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        said = b"".join(iter(lambda: client.recv(65536), b"")).decode().partition("\r\n\r\n")[2]
    assert plain(json.loads(said)) == words


@pytest.mark.parametrize("text", ["$host", "a\nb", "a\0b", "${x}"])
def test_what_nginx_would_read_otherwise_is_refused(text: str) -> None:
    with pytest.raises(EscapeError):
        escape.nginx(text)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), object()])
def test_what_lua_has_no_literal_for_is_refused(value: object) -> None:
    with pytest.raises(EscapeError):
        to_lua({"key": value}, "production")

"""Alloy itself reads the lines of the Gateway as the rendered pipelines say."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Programs
from tests.gateway import Gateway
from tests.native.conftest import rendered
from tests.nginx import ENDS_WITH_US, free_ports, wait


def collected(alloy: Path, folder: Path, process: str, lines: str, count: int) -> list[str]:
    """What leaves the rendered pipeline `process` for these lines, as `loki.echo` prints it."""
    whole = rendered("production/tokyo-1/wsl/**/*.alloy")[0].read_text(encoding="utf-8")
    block = re.search(rf'^loki\.process "{process}" \{{\n.*?^\}}\n', whole, re.MULTILINE | re.DOTALL)
    assert block
    (folder / "lines.log").write_text(lines, encoding="utf-8")
    source = f'targets = [{{__path__ = "{folder}/lines.log"}}]\nforward_to = [loki.process.{process}.receiver]'
    text = block[0].replace("loki.write.loki.receiver", "loki.echo.out.receiver")
    (folder / "c.alloy").write_text(f'loki.echo "out" {{ }}\nloki.source.file "in" {{\n{source}\n}}\n{text}', "utf-8")
    said = folder / "said"
    words = [*ENDS_WITH_US, str(alloy), "run", f"--storage.path={folder}/data", "--disable-reporting"]
    words += [f"--server.http.listen-addr=127.0.0.1:{free_ports(1)[0]}", f"{folder}/c.alloy"]

    def entries() -> list[str]:
        return [line for line in said.read_text("utf-8").splitlines() if "received log entry" in line]

    with said.open("wb") as out, subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT) as running:
        try:
            wait("the entries", lambda: len(entries()) >= count, 30)
        finally:
            running.terminate()
    return entries()


@pytest.mark.parametrize(("path", "level"), [("/collected", "INFO"), ("/dead", "ERROR")])
def test_lines_of_the_access_log_keep_their_facts(
    running: Gateway, program: Programs, tmp_path: Path, path: str, level: str
) -> None:
    running.ask("wiki", path)
    line = running.lines_for(path, 1)[0]
    (entry,) = collected(program("alloy"), tmp_path, "gateway_access", json.dumps(line) + "\n", 1)
    assert f'level=\\"{level}\\"' in entry
    assert 'site=\\"wiki\\"' in entry
    for key in ("status", "method", "path", "client", "upstream", "request_id", "duration_ms"):
        assert f'\\"{key}\\":\\"{line[key]}\\"' in entry.split("structured_metadata=")[1], key
    assert str(line["timestamp"])[:19] in entry.split("entry_timestamp=")[1]


def test_queries_of_the_error_log_stay_on_the_host(program: Programs, tmp_path: Path) -> None:
    line = (
        "2026/11/25 03:54:24 [error] 1#1: *23 connect() failed, client: 127.0.0.1, server: wiki,"
        ' request: "GET /a?token=secret&x=y HTTP/1.1", upstream: "http://127.0.0.2:3000/a?token=secret",'
        ' host: "wiki", referrer: "https://wiki/?code=secret"\n'
    )
    (entry,) = collected(program("alloy"), tmp_path, "gateway_error", line, 1)
    assert "secret" not in entry
    assert 'request: \\"GET /a?… HTTP/1.1\\"' in entry

"""Writes `docs/proof.md` and `docs/proof.ja.md` from what the tests of the proof have measured with this tree."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby

from tests.conftest import ROOT
from tests.prove.records import Record, Said, kept, tree
from tools.programs import recipes

DEBIAN = ("nginx", "libnginx-mod-http-lua", "podman", "logrotate", "systemd", "openssh-server")
TITLE = Said("Proof that it runs", "動作の証明")
INTRODUCTION = Said(
    "Written by `make prove`, which runs the rendered files at their real intervals in the real programs, breaks what "
    "can break, and measures. Nothing here is written by hand. Tree `{tree}`, {date}.",
    "`make prove` が書いたページです。生成したファイルを実際の間隔のまま実物のプログラムで動かし、"
    "壊れうるものを壊して測定した結果で、手で書いた行はありません。対象のツリー: `{tree}`、{date}。",
)
COLUMNS = Said("what was done | what is promised | what was measured", "行ったこと | 約束 | 測定結果")
COUNT = Said(
    "{passed} of {all} tests have passed, with {rows} measurements.",
    "{all} 件のテストのうち {passed} 件が成功し、測定は {rows} 件です。",
)
FAILED = Said("**Not shown:**", "**示せていないもの:**")
PROGRAMS = Said("Programs", "プログラム")
PROGRAM_COLUMNS = Said("program | version", "プログラム | バージョン")


def versions() -> Iterator[tuple[str, str]]:
    """The programs that ran: those that are pinned, and the system's."""
    for recipe in recipes():
        yield recipe.name, recipe.release
    for name in DEBIAN:
        shown = ["dpkg-query", "--show", "--showformat=${Version}", name]
        yield f"{name} (Debian)", subprocess.run(shown, capture_output=True, text=True, check=True).stdout
    yield "Linux", platform.release().split("-")[0]


def page(records: list[Record], language: str) -> str:
    """The report in one language."""

    def said(text: Said) -> str:
        return str(getattr(text, language)).replace("|", "\\|").replace("\n", " ")

    def table(columns: Said, rows: list[list[str]]) -> str:
        heads = str(getattr(columns, language)).split(" | ")
        return "\n".join(f"| {' | '.join(row)} |" for row in [heads, ["---"] * len(heads), *rows])

    dates = sorted({record.date for record in records})
    numbers = {
        "passed": sum(record.passed for record in records),
        "all": len(records),
        "rows": sum(len(record.rows) for record in records),
    }
    parts = [
        f"# {said(TITLE)}",
        said(INTRODUCTION).format(tree=tree(), date=" – ".join(dict.fromkeys([dates[0], dates[-1]]))),
        said(COUNT).format(**numbers),
    ]
    for section, found in groupby(sorted(records, key=lambda record: record.section.en), lambda record: record.section):
        members = list(found)
        rows = [[said(row.fault), said(row.expected), said(row.measured)] for one in members for row in one.rows]
        parts += [f"## {said(section)}", table(COLUMNS, rows)]
        for record in members:
            if not record.passed:
                parts.append(f"{said(FAILED)} `{record.test}`: {record.why}")
    parts += [f"## {said(PROGRAMS)}", table(PROGRAM_COLUMNS, [list(pair) for pair in versions()])]
    return "\n\n".join(parts) + "\n"


def main() -> int:
    records = kept()
    if not records:
        print("nothing has been measured with this tree: `make prove`", file=sys.stderr)
        return 1
    for language, name in (("en", "proof.md"), ("ja", "proof.ja.md")):
        (ROOT / "docs" / name).write_text(page(records, language), encoding="utf-8")
        print(f"docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The gallery shows the dashboards that are rendered: each of them, and each of their panels."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.conftest import ROOT

GALLERY = ROOT / "docs" / "gallery"
BOARDS = sorted((ROOT / "rendered").glob("*/*/wsl/etc/grafana/dashboards/*.json"))


def picture(board: Path) -> Path:
    return GALLERY / board.parts[-7] / f"{board.stem}.svg"


def shows(texts: Iterable[str], title: str) -> bool:
    """What does not fit is cut off."""
    return any(text == title or (text.endswith("…") and title.startswith(text[:-1])) for text in texts)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: f"{board.parts[-7]}/{board.stem}")
def test_each_dashboard_has_a_picture_with_each_of_its_panels(board: Path) -> None:
    drawn = ET.parse(picture(board))  # noqa: S314 - of our own
    texts = {"".join(text.itertext()).removeprefix("▾ ") for text in drawn.iter("{http://www.w3.org/2000/svg}text")}
    data = json.loads(board.read_text(encoding="utf-8"))
    assert data["title"] in texts
    missing = [panel["title"] for panel in data["panels"] if not shows(texts, panel["title"])]
    assert missing == [], "run `make gallery` and look at the pictures"
    assert any(text.startswith("Drawn by Flatnet Ops, not by Grafana") for text in texts)


def test_the_page_of_the_gallery_shows_every_picture_and_no_other_is_there() -> None:
    shown = re.findall(r"\]\(([\w-]+/\w+\.svg)\)", (GALLERY / "README.md").read_text(encoding="utf-8"))
    expected = [str(picture(board).relative_to(GALLERY)) for board in BOARDS]
    assert sorted(shown) == sorted(expected)
    assert sorted(str(path.relative_to(GALLERY)) for path in GALLERY.glob("*/*")) == sorted(expected)

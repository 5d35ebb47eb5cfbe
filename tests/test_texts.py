"""What people read: one word for one thing, lengths of time in words, Japanese set as Japanese."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from markdown_it import MarkdownIt

from generators import grafana, handbook
from generators.rules import texts
from model.bilingual import LANGUAGES, Language
from model.deployment import Deployment
from tests.conftest import ROOT

MARKDOWN = MarkdownIt("commonmark").enable("table")
JAPANESE = "[\u3041-\u3096\u30a1-\u30fa\u30fc\u4e00-\u9fff]"
RAW_LENGTH = re.compile(r"(?<![\w.-])\d+[smhdw](?![A-Za-z0-9_.-])")
# A word that is used for one thing, and those that are not used for it.
ONE_WORD = {
    "ハンドブック": "運用手引き|運用手順書|運用マニュアル|手順書",
    "ランブック": "(?<=[A-Za-z] )の手順に",
    "秘密情報": "シークレット(?!キー)",
    "保存期間": "保持期間",
    "開発担当": "開発者",
    "営業時間": "勤務時間|業務時間",
    "収集エージェント": "コレクタ(?!ー)|収集プログラム",
    "サイレンス": "ミュート",
    "抑止": "抑制",
    "フォルダ": "フォルダー|ディレクトリ",
    "サーバー": "サーバ(?!ー)",
}


def prose(page: str) -> Iterator[str]:
    """The text of a page without its code."""
    for token in MARKDOWN.parse(page):
        if token.type == "inline":
            yield "".join(part.content if part.type == "text" else " " for part in token.children or [])


def told(deployment: Deployment, language: Language) -> Iterator[tuple[str, str]]:
    """Every text for people in a language, and where it stands."""
    for file in handbook.generate(deployment, language):
        yield from ((file.tree_path, text) for text in prose(file.content))
    if deployment.environment.language == language:
        for alert in deployment.alerts:
            said = texts(alert, deployment)
            for name in ("summary", "description", "impact"):
                yield alert.name, re.sub(r"\{\{.*?\}\}|`[^`]*`", " ", said[name])


def on_dashboards(deployment: Deployment) -> Iterator[tuple[str, str]]:
    """Every title, description and label of the dashboards, and the file that it stands in."""
    for path, dashboard in dashboards(deployment):
        yield from ((path, text) for text in strings(dashboard))


def dashboards(deployment: Deployment) -> Iterator[tuple[str, Any]]:
    """Every dashboard, and the file that it stands in."""
    for file in grafana.generate(deployment):
        if "/dashboards/" in file.tree_path and file.tree_path.endswith(".json"):
            yield file.tree_path, json.loads(file.content)


def strings(value: Any) -> Iterator[str]:
    """Every text within a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)


def test_the_dashboards_of_a_japanese_environment_speak_japanese(production: Deployment) -> None:
    assert sum(bool(re.search(JAPANESE, text)) for _, text in on_dashboards(production)) > 100


def test_the_readers_are_given_something(deployment: Deployment) -> None:
    assert len(list(told(deployment, "ja"))) > 1000


def test_japanese_and_latin_are_set_apart(deployment: Deployment) -> None:
    joint = re.compile(f"{JAPANESE}[A-Za-z0-9]|[A-Za-z0-9]{JAPANESE}")
    assert [(where, text) for where, text in told(deployment, "ja") if joint.search(text)] == []


def test_no_space_parts_two_japanese_characters(deployment: Deployment) -> None:
    other = "[\u3041-\u3096\u4e00-\u9fff]"  # names of Windows, such as バッチ ジョブ, have a space between katakana
    gap = re.compile(f"{other} {JAPANESE}|{JAPANESE} {other}")
    lines = [
        re.sub(r"`[^`]*`|\[.*?\]\(.*?\)", "", line)
        for file in handbook.generate(deployment, "ja")
        for line in file.content.splitlines()
    ]
    assert [line for line in lines if gap.search(line)] == []


def test_a_table_begins_after_an_empty_line(deployment: Deployment) -> None:
    """Below a line of text it is text, with raw pipes, in Markdown that goes by the book."""
    tables, joined = 0, []
    for file in (file for language in LANGUAGES for file in handbook.generate(deployment, language)):
        lines = ["", *file.content.splitlines()]
        for before, line in pairwise(lines):
            if line.startswith("|") and not before.startswith("|"):
                tables += 1
                joined += [(file.tree_path, before, line)] if before else []
    assert tables > 50
    assert joined == []


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_length_of_time_is_in_words(deployment: Deployment, language: Language) -> None:
    assert [(where, text) for where, text in told(deployment, language) if RAW_LENGTH.search(text)] == []


def test_a_length_of_time_on_a_dashboard_is_in_words(deployment: Deployment) -> None:
    texts = [
        (path, text)
        for path, dashboard in dashboards(deployment)
        for panel in dashboard["panels"]
        for text in (panel.get("title", ""), panel.get("description", ""))
    ]
    assert len(texts) > 200
    assert [(path, text) for path, text in texts if RAW_LENGTH.search(text)] == []


@pytest.mark.parametrize("word", ONE_WORD)
def test_one_thing_has_one_word(deployment: Deployment, word: str) -> None:
    other = re.compile(ONE_WORD[word])
    assert [(where, text) for where, text in told(deployment, "ja") if other.search(text)] == []
    assert other.search((ROOT / "README.ja.md").read_text(encoding="utf-8")) is None
    for path in (ROOT / "generators/alertmanager/templates").iterdir():
        assert other.search(path.read_text(encoding="utf-8")) is None
    assert [(where, text) for where, text in on_dashboards(deployment) if other.search(text)] == []

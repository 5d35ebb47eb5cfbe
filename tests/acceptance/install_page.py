"""The commands of an install page of the handbook, as an operator would copy them."""

from __future__ import annotations

import re


def blocks(page: str) -> list[str]:
    """Every block of commands for a shell in WSL, in the order of the page."""
    found = [
        re.sub(r"^ {2}", "", block, flags=re.MULTILINE) if indent else block
        for indent, block in re.findall(r"^( *)```sh\n(.*?)^ *```$", page, re.DOTALL | re.MULTILINE)
    ]
    assert found, "the page has no commands"
    return found


def section(page: str, heading: str) -> list[str]:
    """The blocks of commands for WSL below a heading, up to the next one."""
    (text,) = re.findall(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", page, re.DOTALL | re.MULTILINE)
    found: list[str] = re.findall(r"^```(?:console|sh)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert found, f"no commands below {heading}"
    return found

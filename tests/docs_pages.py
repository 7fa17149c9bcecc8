"""The Python code of pages of the documentation."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def python_code(name: str) -> str:
    """All Python blocks of a page as one program; line numbers are those of the page."""
    return _kept(name, r"```python\n(.*?)```")


def picture_code(name: str) -> list[str]:
    """The code of each picture of a page that is drawn when the page is built."""
    page = (DOCS / name).read_text(encoding="utf-8")
    blocks = re.findall(r"\.\. plot::\n(?:   :[^\n]*\n)*\n(.*?)```", page, re.DOTALL)
    return [textwrap.dedent(block) for block in blocks]


def _kept(name: str, pattern: str) -> str:
    page = (DOCS / name).read_text(encoding="utf-8")
    program, end = "", 0
    for block in re.finditer(pattern, page, re.DOTALL):
        program += "\n" * page.count("\n", end, block.start(1)) + block[1]
        end = block.end(1)
    return program

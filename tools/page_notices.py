"""Write ``licenses/page.txt``: the notices of all npm packages of which something is in the studio's page.

Usage, after ``make web``: ``python tools/page_notices.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
BUNDLED = ROOT / "src/pellucid/studio/page/bundled.json"
NOTICES = ROOT / "licenses/page.txt"
MODULES = ROOT / "web/node_modules"

OPENING = """The studio's page contains parts of the npm packages below, each under the terms that follow its name.
"""
RULE = "-" * 78
APPENDIX = "# Licenses of bundled dependencies"
"""What follows this line in a notice is about other packages, which that package's own archive contains."""


class Package(NamedTuple):
    """An npm package as it is installed."""

    name: str
    version: str
    terms: str
    notice: str


def bundled() -> list[str]:
    """The names of the packages in the built page."""
    return sorted(json.loads(BUNDLED.read_text(encoding="utf-8")))


def installed(name: str) -> Package:
    """An installed package with its notice."""
    folder = MODULES / name
    told = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    files = sorted(path for path in folder.iterdir() if path.name.lower().split(".")[0] in ("license", "licence"))
    if not files:
        raise SystemExit(f"{name} has no file with its licence: add its notice to {NOTICES} by hand.")
    notice = files[0].read_text(encoding="utf-8").split(APPENDIX)[0]
    lines = [line.rstrip() for line in notice.splitlines()]
    return Package(name, told["version"], told["license"], "\n".join(lines).strip())


def notices(packages: list[Package]) -> str:
    """The text of the file."""
    parts = [f"{each.name} {each.version} ({each.terms})\n\n{each.notice}\n" for each in packages]
    return f"\n{RULE}\n\n".join([OPENING, *parts])


if __name__ == "__main__":
    NOTICES.write_text(notices([installed(name) for name in bundled()]), encoding="utf-8")
    print(NOTICES)

"""Every notice is there: of each npm package in the page, of the data, and in the list of what goes into a wheel."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from tools import page_notices

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NOTICES = page_notices.NOTICES.read_text(encoding="utf-8")
HEADINGS = re.findall(r"^(\S+) (\d\S*) \(([\w .-]+)\)$", NOTICES, re.MULTILINE)
LOCK = json.loads((ROOT / "web/package-lock.json").read_text(encoding="utf-8"))["packages"]

built = pytest.mark.skipif(not page_notices.BUNDLED.is_file(), reason="the page is not built: make web")
fetched = pytest.mark.skipif(not page_notices.MODULES.is_dir(), reason="npm packages are not installed: make web")


@built
def test_every_bundled_package_has_its_notice() -> None:
    assert [name for name, _, _ in HEADINGS] == page_notices.bundled()


@built
@fetched
def test_the_notices_are_those_of_the_installed_packages() -> None:
    packages = [page_notices.installed(name) for name in page_notices.bundled()]
    assert page_notices.notices(packages) == NOTICES, "run tools/page_notices.py"


def test_the_notices_are_those_of_the_locked_packages() -> None:
    assert HEADINGS
    for name, version, terms in HEADINGS:
        locked = LOCK[f"node_modules/{name}"]
        assert (locked["version"], locked["license"]) == (version, terms), "run tools/page_notices.py"


def test_every_package_that_the_page_imports_has_its_notice() -> None:
    """Also where the page is not built: direct imports, and what they need in turn."""
    found = {name for name, _, _ in HEADINGS}
    sources = [*(ROOT / "web/src").rglob("*.ts"), *(ROOT / "web/src").rglob("*.svelte")]
    for source in sources:
        for name in re.findall(r'^import (?!type)[^;]*?from "([^."][^"]*)"', source.read_text(encoding="utf-8"), re.M):
            package = "/".join(name.split("/")[: 2 if name.startswith("@") else 1])
            assert package in found, f"{source} imports {package}: run make web and tools/page_notices.py"


def test_the_terms_are_those_of_what_is_inside() -> None:
    expression = set(PROJECT["license"].split(" AND "))
    assert {terms for _, _, terms in HEADINGS} <= expression
    table = (ROOT / "licenses/README.md").read_text(encoding="utf-8").split("SPDX expression")[0]
    assert expression == {
        term.strip().replace("CC BY-SA ", "CC-BY-SA-")
        for row in re.findall(r"^\| (.*) \|$", table, re.MULTILINE)[2:]
        for term in row.split(" | ")[2].split(",")
    }


def test_all_notices_go_into_the_wheel() -> None:
    """The files that the table of rights names are in the wheel, and all others in the folder too."""
    taken = {path.relative_to(ROOT).as_posix() for each in PROJECT["license-files"] for path in ROOT.glob(each)}
    table = (ROOT / "licenses/README.md").read_text(encoding="utf-8").split("SPDX expression")[0]
    named = set(re.findall(r"\| `([^`]+)` \|$", table, re.MULTILINE))
    assert {name if "/" in name or name == "LICENSE" else f"licenses/{name}" for name in named} <= taken
    assert {f"licenses/{path.name}" for path in (ROOT / "licenses").iterdir()} <= taken

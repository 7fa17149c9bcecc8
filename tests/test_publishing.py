"""What is published says where it comes from: one address, one version, working links, the platforms there are."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import pellucid
from pellucid.engine.compiler.build_ahead import PLATFORMS

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ADDRESS = PROJECT["urls"]["Source"]
RAW = ADDRESS.replace("//github.com", "//raw.githubusercontent.com")
PAGES = ["README.md", "SECURITY.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "CITATION.cff", *(
    str(path.relative_to(ROOT)) for path in (ROOT / ".github").rglob("*.*") if path.is_file()
)]  # fmt: skip


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_version_is_written_once() -> None:
    assert "version" in PROJECT["dynamic"]
    number = re.escape(pellucid.__version__)
    for name in ("pyproject.toml", "CITATION.cff", "web/package.json", "README.md"):
        assert not re.search(rf'version\W+"?{number}"', text(name)), f"{name} repeats the version"


def test_links_of_the_readme_work_elsewhere() -> None:
    """PyPI shows the README, where relative links lead nowhere; every file of the repository that is linked exists."""
    links = re.findall(r"\]\(([^)]+)\)", text("README.md"))
    assert [link for link in links if not link.startswith("https://")] == []
    own = [link for link in links if link.startswith((ADDRESS, RAW))]
    assert own
    for link in own:
        path = re.sub(r"^(/blob)?/main/", "", link.removeprefix(ADDRESS).removeprefix(RAW)).split("#")[0]
        assert (ROOT / path).exists(), f"{link} leads nowhere"


@pytest.mark.parametrize("name", PAGES)
def test_the_repository_has_one_address(name: str) -> None:
    owner = ADDRESS.split("/")[-2]
    for found in re.findall(r"github\w*\.com/([\w.-]+)/pellucid", text(name)):
        assert found == owner


def test_a_release_has_a_wheel_for_each_platform() -> None:
    lists = re.findall(r"platform: \[([^]]*)\]", text(".github/workflows/release.yml"))
    assert len(lists) == 2
    assert all(set(each.split(", ")) == set(PLATFORMS) for each in lists)
    tried = re.findall(r"\{ platform: ([\w-]+), system:", text(".github/workflows/release.yml"))
    assert set(tried) == set(PLATFORMS)

"""Print the lowest versions of all dependencies that pyproject.toml allows, as requirements for pip."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path


def lowest(requirements: list[str]) -> list[str]:
    """Requirements of exactly the lowest version that each of these allows."""
    found = [re.match(r"([\w.-]+)>=([\d.]+)", each) for each in requirements]
    return [f"{each[1]}=={each[2]}" for each in found if each]


if __name__ == "__main__":
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["compile"]]
    if lacking := [each for each in needed if ">=" not in each]:
        raise SystemExit(f"These dependencies have no lower bound: {lacking}.")
    print("\n".join(lowest(needed)))

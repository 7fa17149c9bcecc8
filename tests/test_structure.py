"""The structure of the package: rooms import only rooms above them, without cycles; the root has no loose modules."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import pellucid

ROOT = Path(pellucid.__file__).parent
CONTRIBUTING = Path(__file__).parents[1] / "CONTRIBUTING.md"

EXCEPTIONS: dict[tuple[str, str], str] = {}
"""Imports of a room below that are allowed, and the reason; three at most."""


def modules() -> dict[str, Path]:
    """Return every module of the package by its dotted name."""
    paths = sorted(ROOT.rglob("*.py"))
    return {".".join(("pellucid", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__"): path
            for path in paths}  # fmt: skip


MODULES = modules()


def imported(path: Path) -> Iterator[str]:
    """Return the package's own modules that a file imports, also for types and inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            while name and name not in MODULES:
                name = name.rpartition(".")[0]
            if name:
                yield name


IMPORTS = {name: sorted(set(imported(path)) - {name}) for name, path in MODULES.items()}


def room(module: str) -> str:
    """Return the room of a module: the second part of its dotted name."""
    return module.split(".")[1] if "." in module else "__init__"


def rooms_in_order() -> list[str]:
    """Return the rooms in the order of the table in CONTRIBUTING.md."""
    table = CONTRIBUTING.read_text(encoding="utf-8").split("| room in `src/pellucid/` |")[1].split("\n\n")[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


def test_the_table_has_every_room() -> None:
    found = {room(name) for name in MODULES} - {"__init__", "__main__"}
    assert sorted(rooms_in_order()) == sorted(found)


@pytest.mark.parametrize("module", [name for name in MODULES if name not in ("pellucid", "pellucid.__main__")])
def test_a_room_imports_only_rooms_above_it(module: str) -> None:
    order = rooms_in_order()
    # The root is the public face of all rooms, and imports them.
    below = [
        other
        for other in IMPORTS[module]
        if other == "pellucid" or order.index(room(other)) > order.index(room(module))
    ]
    assert [other for other in below if (module, other) not in EXCEPTIONS] == []


def test_exceptions_are_few_and_real() -> None:
    assert len(EXCEPTIONS) <= 3
    assert all(other in IMPORTS[module] for module, other in EXCEPTIONS)


def test_no_circle_of_imports() -> None:
    try:
        list(TopologicalSorter(IMPORTS).static_order())
    except CycleError as error:
        pytest.fail(f"circle of imports: {' -> '.join(error.args[1])}")


def test_nothing_is_loose_at_the_root() -> None:
    assert sorted(path.name for path in ROOT.glob("*.py")) == ["__init__.py", "__main__.py", "errors.py"]

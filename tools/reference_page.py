"""Write ``docs/reference.md``: every public name of Pellucid, by the rooms that a user knows.

Usage: ``python tools/reference_page.py``. The pages of the names themselves are made from their docstrings by Sphinx.
"""

from __future__ import annotations

import inspect
from pathlib import Path

import pellucid as pl

PAGE = Path(__file__).parents[1] / "docs/reference.md"

OPENING = """# Reference

Every public name. `import pellucid as pl` gives all of them.
"""
TABLE = """```{eval-rst}
.. autosummary::
   :toctree: generated
   :nosignatures:
"""
ROOMS = {
    "pellucid.data": "Data",
    "pellucid.inspect": "Looking inside",
    "pellucid.plot": "Plots",
    "pellucid.sklearn": "For scikit-learn",
}
LAYERS = "pellucid.layers"
TRAINING = "pellucid.training"
ERRORS = "pellucid.errors"
REST = "Networks and files"


def heading_of(name: str) -> str:
    """The heading under which a name of the package stands."""
    home = getattr(pl, name).__module__
    for room, heading in ((LAYERS, "Layers"), (TRAINING, "Training"), (ERRORS, "Errors")):
        if home.startswith(room):
            return heading
    return REST


def sections() -> dict[str, list[str]]:
    """Headings, and the full names below each."""
    found: dict[str, list[str]] = {REST: [], "Layers": [], "Training": []}
    for name in sorted(pl.__all__, key=str.lower):
        if name != "__version__" and not inspect.ismodule(getattr(pl, name)):
            found.setdefault(heading_of(name), []).append(f"pellucid.{name}")
    for module, heading in ROOMS.items():
        names = vars(__import__(module, fromlist=["__all__"]))["__all__"]
        found[heading] = [f"{module}.{name}" for name in sorted(names, key=str.lower)]
    return found


def page() -> str:
    """The text of the page."""
    parts = [OPENING]
    for heading, names in sections().items():
        listed = "\n".join(f"   {name}" for name in names)
        parts.append(f"## {heading}\n\n{TABLE}\n{listed}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)

"""Small tables for tests of the studio, and pages of sessions that show them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pellucid.studio.session import Session
from pellucid.studio.state.dataset_catalog import DatasetCatalog
from studio.fake_page import Page

FEATURES = ("sepal length", "sepal width", "petal length", "petal width")
CLASSES = ("setosa", "versicolor", "virginica")


def write_flowers(path: Path, each: int = 30) -> Path:
    """Write a table of flowers of three species, which their petals tell apart."""
    rng = np.random.default_rng(0)
    centres = [[5.0, 3.4, 1.5, 0.2], [5.9, 2.8, 4.3, 1.3], [6.6, 3.0, 5.6, 2.0]]
    lines = [",".join([*FEATURES, "species"])]
    for number in range(3 * each):
        values = rng.normal(centres[number % 3], [0.4, 0.3, 0.3, 0.15])
        lines.append(",".join([*(f"{max(0.1, value):.1f}" for value in values), CLASSES[number % 3]]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_houses(path: Path, count: int = 120) -> Path:
    """Write a table of houses with a price, which depends on area and age."""
    rng = np.random.default_rng(1)
    area, age, rooms = rng.uniform(40, 200, count), rng.uniform(0, 60, count), rng.integers(1, 7, count)
    price = 20 + 1.5 * area - 0.8 * age + rng.normal(0, 4, count)
    rows = zip(area, age, rooms, price, strict=True)
    lines = [f"{a:.0f},{b:.0f},{c},{d:.1f}" for a, b, c, d in rows]
    path.write_text("area,age,rooms,price\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def page_of(path: Path, model: str | None = None, **table: Any) -> Page:
    """A page of a session that begins with a table."""
    return Page(Session("t", DatasetCatalog(str(path), table=table), model))

"""Load the user's own data: a folder of pictures, images in a file, or a table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pellucid import data
from pellucid.data.dataset import TrainTest
from pellucid.data.preparation import is_picture_folder, load_pictures
from pellucid.data.rows import is_in_memory
from pellucid.data.tabular import Table
from pellucid.errors import ConfigurationError, DataError
from pellucid.studio.state.input_form import SIDE


@dataclass(frozen=True)
class OwnData:
    """The user's own data as loaded.

    ``may_need_preparation`` is True for pictures that may have to be centred: those of a folder, and images of 28x28.
    """

    name: str
    parts: TrainTest
    may_need_preparation: bool


def load_own(source: str, table: Mapping[str, Any], *, standardize: bool) -> OwnData:
    """Load data by name or path; ``table`` are keyword arguments of `pellucid.data.load`.

    Raises
    ------
    DataError, FileFormatError
        If they cannot be read, are sound, or do not fit into memory.
    ConfigurationError
        If an option does not apply to them.
    """
    path, named = Path(source).expanduser(), source in data.names()
    of_pictures = not named and is_picture_folder(path) and not table
    name = source if named else path.resolve().name or source
    parts = load_pictures(path) if of_pictures else data.load(source if named else path, **table)
    if not isinstance(parts, TrainTest):
        raise DataError(f"Expected pictures or a table, got sound in {source}: give a folder of pictures, .npz or CSV.")
    if any(not is_in_memory(part.images) for part in parts):
        raise DataError(f"The studio expected data in memory, got a larger file: take a part of {source}.")
    train = parts.train
    if standardize and not isinstance(train, Table):
        raise ConfigurationError(f"standardize can be chosen for CSV tables only, got {source}: leave it out.")
    if name in data.names() and not named:
        name = f"{name} (yours)"
    small = math.prod(train.shape) == SIDE * SIDE and not isinstance(train, Table) and train.has_classes
    return OwnData(name, parts, of_pictures or small)

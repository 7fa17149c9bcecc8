"""CSV tables of measurements, written in many ways: what is loaded has to be what was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import pellucid as pl
from tools.fuzz.campaign import ACCEPTED, Campaign, Case, Tally, WrongResultError
from tools.fuzz.mutations import Rng, chance, changed_bytes, pick

_NAMES = ("rose", "tulip, red", "lily;wild", "a b", "Ünder", "d'x", "zz-1")
_FEATURES = ("length", "width of petal", "höhe", "mass (g)", "k")
_ODD = ("", "NA", "nan", "inf", "1e400", "x", "1,5", "1.5.2", "--1", "٣", '"', "1_0", "\x00", "a,b")


class _Written(NamedTuple):
    """A file: its content, whether a cell is odd, the options to load it, the rows (N, D), and the class of each."""

    text: str
    odd: bool
    options: dict[str, Any]
    rows: np.ndarray
    names: list[str]


def prepare(folder: Path) -> Case:
    """Return the case."""

    def case(rng: Rng) -> Tally:
        whole = _table(rng)
        path = folder / pick(rng, ("table.csv", "table.CSV", "table.tsv"))
        content = whole.text.encode("utf-8-sig" if chance(rng, 0.2) else "utf-8")
        damaged = chance(rng, 0.3)
        path.write_bytes(changed_bytes(rng, content) if damaged else content)
        sound = not (damaged or whole.odd)
        try:
            train, test = pl.data.load(path, **whole.options)
        except pl.PellucidError as error:
            if sound:
                raise WrongResultError(f"a sound table is refused: {error}") from error
            raise
        if sound:
            _compare(whole, train, test)
        return ACCEPTED

    return case


def _table(rng: Rng) -> _Written:
    """Write a table with a random separator, header, order of columns, quoting and ends of lines."""
    count, width = int(rng.integers(6, 14)), int(rng.integers(1, len(_FEATURES) + 1))
    rows = np.round(rng.normal(size=(count, width)) * 10.0 ** rng.integers(-2, 5, width), 3) + 0.0
    rows[0] += 0.0625  # at least one number of each column is none of a pixel or class
    names = [pick(rng, _NAMES[: int(rng.integers(2, len(_NAMES) + 1))]) for _ in range(count)]
    separator, point = pick(rng, (",", ";", "\t")), "."
    if separator == ";" and chance(rng, 0.4):
        point = ","
    at = pick(rng, (0, width))
    header = [*_FEATURES[:width]]
    header.insert(at, "species" if chance(rng, 0.5) else "flower")
    cells = []
    for row, name in zip(rows.tolist(), names, strict=True):
        line = [f"{value:.4f}".replace(".", point) for value in row]
        line.insert(at, name)
        cells.append(line)
    odd = chance(rng, 0.2)
    if odd:
        cells[int(rng.integers(count))][int(rng.integers(width + 1))] = pick(rng, _ODD)
    with_header = chance(rng, 0.7)
    options: dict[str, Any] = {"test_fraction": 0.4, "seed": int(rng.integers(5))}
    if chance(rng, 0.4):
        options["label"] = pick(rng, (at, header[at] if with_header else at, "first" if at == 0 else "last"))
    if chance(rng, 0.3):
        options["header"] = with_header
    if chance(rng, 0.3):
        options["standardize"] = True
    end = pick(rng, ("\n", "\r\n", "\n\n"))
    lines = [header, *cells] if with_header else cells
    text = end.join(separator.join(_quoted(rng, cell, separator) for cell in line) for line in lines)
    return _Written(text + end * int(rng.integers(2)), odd, options, rows, names)


def _quoted(rng: Rng, cell: str, separator: str) -> str:
    """Return a cell in quotes where it needs them, and sometimes where it does not."""
    if separator in cell or '"' in cell or chance(rng, 0.1):
        return '"' + cell.replace('"', '""') + '"'
    return f" {cell} " if chance(rng, 0.05) and separator != "\t" else cell


def _compare(whole: _Written, train: Any, test: Any) -> None:
    """Raise unless both parts together have the rows and names that were written."""
    if not isinstance(train, pl.data.Table):
        raise WrongResultError(f"{train!r} is no table")
    if len(train) + len(test) != len(whole.names):
        raise WrongResultError(f"{len(train) + len(test)} rows instead of {len(whole.names)}")
    found = []
    for part in (train, test):
        numbers = part.images.astype(np.float64)
        if part.mean is not None:
            numbers = numbers * np.asarray(part.scale) + np.asarray(part.mean)
        found += [(part.classes[label], tuple(row)) for row, label in zip(numbers, part.labels, strict=True)]
    expected = list(zip(whole.names, map(tuple, whole.rows), strict=True))
    for (name, row), (other, numbers) in zip(sorted(found), sorted(expected), strict=True):
        if name != other or not np.allclose(row, numbers, rtol=1e-4, atol=1e-4 * np.abs(whole.rows).max()):
            raise WrongResultError(f"{name} {row} instead of {other} {numbers}")


CAMPAIGN = Campaign("CSV tables of measurements in many forms, compared with what was written", prepare, share=40)

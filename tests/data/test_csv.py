"""CSV tables: the usual forms, and the errors for broken ones."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pellucid.data import Dataset, load
from pellucid.data.checks import DeclaredRange
from pellucid.errors import DataError, FileFormatError, PellucidError


def table(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def both(path: Path, level_range: DeclaredRange = "auto") -> dict[bytes, int]:
    """Images and labels of both parts together."""
    return {
        image.tobytes(): label
        for part in load(path, test_fraction=0.5, level_range=level_range)
        for image, label in part
    }


ROWS = "3,0,128,255\n1,9,8,7\n3,1,2,3\n1,4,5,6\n"
EXPECTED = {bytes([0, 128, 255]): 3, bytes([9, 8, 7]): 1, bytes([1, 2, 3]): 3, bytes([4, 5, 6]): 1}


@pytest.mark.parametrize(
    "text",
    [
        ROWS,
        ROWS.rstrip("\n"),
        ROWS.replace("\n", "\r\n"),
        ROWS.replace("\n", "\r"),
        ROWS.replace(",", " , "),
        "\n" + ROWS.replace("\n", "\n\n"),
        "label,pixel0,pixel1,pixel2\n" + ROWS,
        "Class,pixel1,pixel2,pixel3\n" + ROWS,
        ROWS.replace(",", ";"),
        ROWS.replace(",", "\t"),
        '"label","p0","p1","p2"\n' + ROWS,
        "\ufeffLABEL,p0,p1,p2\n" + ROWS,
        "p0,p1,label,p2\n0,128,3,255\n9,8,1,7\n1,2,3,3\n4,5,1,6\n",
        ROWS.replace("128", "128.0"),
        '"3","0","128","255"\n' + ROWS.split("\n", 1)[1],
    ],
)
def test_every_usual_form(tmp_path: Path, text: str) -> None:
    assert both(table(tmp_path / "a.csv", text)) == EXPECTED


def test_square_rows_are_images(tmp_path: Path) -> None:
    header = "label," + ",".join(f"pixel{i}" for i in range(784))
    pixels = np.arange(10 * 784).reshape(10, 784) % 256
    rows = "\n".join(",".join(map(str, [number % 2, *row])) for number, row in enumerate(pixels.tolist()))
    train, test = load(table(tmp_path / "train.CSV", f"{header}\n{rows}\n"))
    assert train.shape == test.shape == (28, 28)
    assert train.images.dtype == np.uint8
    assert sorted(image.tobytes() for part in (train, test) for image, _ in part) == sorted(
        row.astype(np.uint8).tobytes() for row in pixels
    )


def load_whole(path: Path) -> Dataset:
    return load(path, test_fraction=0.5).train


def test_types_follow_the_numbers(tmp_path: Path) -> None:
    assert load_whole(table(tmp_path / "a.csv", "0,0,255\n" * 4)).level_range == (0, 255)
    assert load_whole(table(tmp_path / "b.csv", "0,0,1\n" * 4)).level_range == (0, 1)
    floats = load_whole(table(tmp_path / "c.csv", "0,0,0.25\n0,1,0\n" * 2))
    assert floats.images.dtype == np.float32
    assert floats.level_range == (0, 1)
    nines = both(table(tmp_path / "d.csv", "0,0,9\n1,9,9\n" * 2), level_range=(0, 9))
    assert len(nines) == 2


def test_whole_numbers_first_and_fractions_later(tmp_path: Path) -> None:
    data = load(table(tmp_path / "a.csv", "0,0,1\n" * 3000 + "1,0.5,0.25\n" * 3000))
    assert data.train.images.dtype == np.float32
    assert data.train.images[data.train.labels == 1].tolist() == [[0.5, 0.25]] * 2400


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "got no rows"),
        ("\n\n \n", "got no rows"),
        ("label,p0,p1\n", "got no rows"),
        ("1\n2\n", "1 columns"),
        ("1,2,3\n1,2\n", "3 columns in the first line .*and 2 in row 2 .line 2."),
        ("label,a,b\n1,2\n", "3 columns in the first line .*and 2"),
        ("1,2\n" * 1024 + "1,2,3\n", "2 columns in the first line .*and 3 in row 1025"),
        ("1,2\n1,x\n", "'x'"),
        ("label,a\ncat,3\ndog,x\n", "'x' in row 2 .line 3., column 'a'"),
        ("label,a\ncat,3\n,4\n", "missing value '' in row 2 .line 3., column 'label'"),
        ("1,2\n1,\n", "missing value ''"),
        ("1,2,3\n1,,3\n", "missing value '' in row 2 .line 2., column 1"),
        ("1,2,3\n1,NA,3\n", "missing value 'NA' in row 2"),
        ("1,2\n1,nan\n", "missing value 'nan'"),
        ("1,2,3\n1,1e300,3\n", "finite number, got '1e\\+300' in row 2"),
        ("1,2,3\n1,inf,3\n", "finite number, got 'inf'"),
        ("1,2\n" * 1024 + "1,2\n1,x\n", "'x' in row 1026 .line 1026., column 1"),
        ("label,p0\n1,2\n-1.5,3\n", "whole class numbers of at least 0, got -1.5 in row 2"),
        ("label,p0\n0,2\n-1,3\n", "whole class numbers of at least 0, got -1 in row 2 .line 3."),
        ("0.5,2.5\n1.5,3.5\n", "measurements in both"),
        ("label\n3\n", "1 columns"),
        ("1,2\n", "at least one image in each part"),
        (b"\xff\xfe1\x00,\x002\x00", "UTF-8"),
        (b"1,2\n1,\x00\n", "row"),
    ],
)
def test_broken_tables(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises((DataError, FileFormatError), match=message):
        load(table(tmp_path / "a.csv", text))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.binary(max_size=60), st.text("0123456789,.-e\n\"' \tlabelnif", max_size=60).map(str.encode)))
def test_any_text_is_data_or_a_typed_error(tmp_path: Path, text: bytes) -> None:
    with suppress(PellucidError):
        assert len(load(table(tmp_path / "a.csv", text)).train) > 0


def pixels(rows: int = 60) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (rows, 64)) * (np.arange(64) % 9 > 0)


def write_csv(path: Path, header: list[str] | None, rows: np.ndarray) -> Path:
    lines = [",".join(header)] if header else []
    path.write_text("\n".join([*lines, *(",".join(map(str, row)) for row in rows.tolist())]) + "\n")
    return path


def test_pixels_without_labels_are_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "test.csv", [f"pixel{i}" for i in range(64)], pixels())
    with pytest.raises(DataError, match="only pixels"):
        load(path)


def test_a_column_that_counts_the_rows_is_no_label(tmp_path: Path) -> None:
    rows = np.column_stack([np.arange(60), np.arange(60) % 10, pixels()])
    with pytest.raises(DataError, match="counts the rows"):
        load(write_csv(tmp_path / "digits.csv", None, rows))
    assert len(load(write_csv(tmp_path / "digits.csv", None, rows), label=1, ignore=[0]).train.classes) == 10


def test_labels_from_one_to_ten_are_ten_classes(tmp_path: Path) -> None:
    labels = 1 + np.arange(60) % 10
    path = write_csv(tmp_path / "a.csv", ["label", *(f"p{i}" for i in range(64))], np.column_stack([labels, pixels()]))
    np.savez(tmp_path / "a.npz", images=pixels().reshape(-1, 8, 8).astype(np.uint8), labels=labels)
    for loaded in (load(path), load(tmp_path / "a.npz")):
        assert loaded.train.classes == tuple(map(str, range(1, 11)))
        assert loaded.train.labels.min() == 0
        assert loaded.train.labels.max() == 9
    np.savez(tmp_path / "b.npz", images=pixels().reshape(-1, 8, 8).astype(np.uint8), labels=1 + np.arange(60) % 9)
    assert loaded.train.classes != load(tmp_path / "b.npz").train.classes == tuple(map(str, range(10)))

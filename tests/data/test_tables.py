"""CSV tables of measurements: the label, the header, the names, and the numbers as they are."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pellucid.data import Dataset, Table, load
from pellucid.data.columns import Columns
from pellucid.errors import ConfigurationError, DataError, FileFormatError, PellucidError

HEADER = "sepal,petal,species\n"
ROWS = "5.1,1.4,setosa\n6.3,6.0,virginica\n4.9,1.5,setosa\n5.8,5.1,virginica\n"
VALUES = [[5.1, 1.4], [6.3, 6.0], [4.9, 1.5], [5.8, 5.1]]


def table(path: Path, text: str, **options: Any) -> Table:
    """Both parts of a file in one table, in the order of the first feature's values."""
    path.write_text(text, encoding="utf-8")
    train, test = load(path, test_fraction=0.5, **options)
    assert isinstance(train, Table)
    assert isinstance(test, Table)
    assert train.columns is test.columns
    whole = Table(
        np.concatenate([train.images, test.images]), np.concatenate([train.labels, test.labels]),
        features=train.features, classes=train.classes, label=train.columns.label,
    )  # fmt: skip
    whole.choices = train.choices
    return whole


def contents(whole: Table) -> dict[tuple[float, ...], str]:
    return {tuple(round(x, 4) for x in row.tolist()): whole.classes[label] for row, label in whole}


EXPECTED = {tuple(row): name for row, name in zip(VALUES, ["setosa", "virginica"] * 2, strict=True)}


@pytest.mark.parametrize(
    "text",
    [
        HEADER + ROWS,
        ROWS,
        (HEADER + ROWS).replace(",", ";"),
        (HEADER + ROWS).replace(",", "\t"),
        (HEADER + ROWS).replace(",", " , "),
        "\ufeff" + HEADER + ROWS,
        (HEADER + ROWS).replace("\n", "\r\n"),
        HEADER + ROWS.replace("setosa", '"setosa"').replace("5.1", '"5.1"'),
        "species,sepal,petal\nsetosa,5.1,1.4\nvirginica,6.3,6\nsetosa,4.9,1.5\nvirginica,5.8,5.1\n",
        "sepal,target,petal\n5.1,setosa,1.4\n6.3,virginica,6\n4.9,setosa,1.5\n5.8,virginica,5.1\n",
    ],
)
def test_names_as_labels(tmp_path: Path, text: str) -> None:
    whole = table(tmp_path / "a.csv", text)
    assert contents(whole) == EXPECTED
    assert whole.classes == ("setosa", "virginica")
    assert whole.images.dtype == np.float32


def test_quoted_fields_may_hold_separators_and_ends_of_lines(tmp_path: Path) -> None:
    text = 'x,y2,kind\n1.5,2,"a, b"\n2.5,3,"c\nd"\n1.25,2,"a, b"\n2.75,3,"c\nd"\n'
    assert table(tmp_path / "a.csv", text).classes == ("a, b", "c\nd")


def test_names_of_the_columns_are_kept(tmp_path: Path) -> None:
    named = table(tmp_path / "a.csv", HEADER + ROWS)
    assert (named.features, named.columns.label) == (("sepal", "petal"), "species")
    plain = table(tmp_path / "b.csv", ROWS)
    assert (plain.features, plain.columns.label) == (("column 0", "column 1"), "column 2")
    twice = table(tmp_path / "c.csv", "a,a,,kind\n1.5,2,3,x\n2.5,3,4,y\n1,2,3,x\n2,3,4,y\n")
    assert twice.features == ("a", "a (column 1)", "column 2")


def test_a_table_that_ends_in_tsv(tmp_path: Path) -> None:
    assert contents(table(tmp_path / "a.TSV", (HEADER + ROWS).replace(",", "\t"))) == EXPECTED


COUNTS = "a,b,c\n" + "".join(f"{age},{age + 0.5},{age % 2 + 1}\n" for age in range(30, 50))


@pytest.mark.parametrize(
    ("options", "text", "label", "reason"),
    [
        ({}, COUNTS, "c", "fewer different numbers"),
        ({"label": "a"}, COUNTS.replace("30,", "31,"), "a", "as asked"),
        ({"label": "last"}, COUNTS, "c", "as asked"),
        ({"label": "C"}, COUNTS, "c", "as asked"),
        ({"label": 2}, COUNTS, "c", "as asked"),
        ({"label": -1}, COUNTS, "c", "as asked"),
        ({"label": "-1"}, COUNTS, "c", "as asked"),
        ({}, COUNTS.replace("a,b,c", "y,b,c").replace("\n3", "\n0").replace("\n4", "\n1"), "y", "by its name"),
    ],
)
def test_which_column_is_the_label(tmp_path: Path, options: dict[str, Any], text: str, label: str, reason: str) -> None:
    if options.get("label") == "a" or label == "y":
        text = text.split("\n", 1)[0] + "\n" + "".join(f"{n % 3},{n + 0.5},{n}\n" for n in range(20))
    whole = table(tmp_path / "a.csv", text, **options)
    assert whole.columns.label == label
    assert f"label: column {label!r}" in whole.choices
    assert reason in whole.choices


def test_the_first_of_two_columns_of_whole_numbers(tmp_path: Path) -> None:
    """The wines of the UCI repository: a class from 1 to 3, measurements, and a whole number at the end."""
    text = "".join(f"{number % 3 + 1},{number / 7:.3f},{900 + number}\n" for number in range(30))
    whole = table(tmp_path / "wine.csv", text)
    assert whole.classes == ("1", "2", "3")
    assert whole.columns.label == "column 0"


@pytest.mark.parametrize(
    ("header", "text", "rows"),
    [(True, "1,2\n" + "0.5,1\n1.5,2\n" * 2, 4), (False, "1,2\n" + "0.5,1\n1.5,2\n" * 2, 5), (None, "1,2\n" * 4, 4)],
)
def test_the_header_can_be_overridden(tmp_path: Path, header: bool | None, text: str, rows: int) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    assert sum(map(len, load(path, header=header, label="last", test_fraction=0.5))) == rows


def test_numbers_stay_as_they_are(tmp_path: Path) -> None:
    whole = table(tmp_path / "a.csv", "mass,charge,kind\n-1000.5,3e5,a\n2,0,b\n3,1,a\n7,2,b\n")
    assert sorted(whole.column("mass").tolist()) == [-1000.5, 2, 3, 7]
    assert whole.column("charge").max() == 300000
    with pytest.raises(DataError, match="one of the features mass, charge; got 'colour'"):
        whole.column("colour")


def test_sixteen_measurements_are_no_picture(tmp_path: Path) -> None:
    text = ",".join("abcdefghijklmnop") + ",kind\n" + ("1," * 16 + "x\n" + "2," * 16 + "y\n") * 3
    assert table(tmp_path / "a.csv", text).shape == (16,)


def test_a_level_range_declares_pixels(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("kind,a,b\n0,0,9\n1,9,9\n" + "0,1,2\n" * 4, encoding="utf-8")
    train, _ = load(path, label="kind", level_range=(0, 9), test_fraction=0.5)
    assert type(train) is Dataset
    assert train.level_range == (0, 9)


@pytest.mark.parametrize(
    ("header", "label"),
    [
        ("x,y,kind", "kind"),
        ("x,y,group", "group"),
        ("x,w,y", "y"),
        ("y,w,v", "y"),
        ("x1,x2,y", "y"),
        ("x,target", "target"),
    ],
)
def test_y_is_a_label_or_a_coordinate(tmp_path: Path, header: str, label: str) -> None:
    names = header.split(",")
    rows = "".join(",".join("01"[n % 2] if name == label else f"{n + 0.5}" for name in names) + "\n" for n in range(8))
    if header == "x,w,y":
        rows = rows.replace(".5", "")
    assert table(tmp_path / "a.csv", f"{header}\n{rows}").columns.label == label


def test_few_numbered_columns_are_features_and_many_are_pixels(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x1,x2,y\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n", encoding="utf-8")
    assert isinstance(load(path, test_fraction=0.5).train, Table)
    header = ",".join(f"x{number}" for number in range(64))
    path.write_text(f"label,{header}\n" + "1," * 64 + "9\n" + "0," * 64 + "7\n", encoding="utf-8")
    train, _ = load(path, test_fraction=0.5)
    assert (type(train), train.shape) == (Dataset, (8, 8))


def test_decimal_commas(tmp_path: Path) -> None:
    text = "L\u00e4nge;Breite;Art\n1,5;-,25;Rose, rot\n2,5;3;Tulpe\n,5;1;Rose, rot\n2;3,125;Tulpe\n"
    whole = table(tmp_path / "a.csv", text)
    assert whole.features == ("L\u00e4nge", "Breite")
    assert whole.classes == ("Rose, rot", "Tulpe")
    assert sorted(whole.column("Breite").tolist()) == [-0.25, 1, 3, 3.125]
    rows = "Rose;1,5;2,5\nTulpe;2,5;3,5\n" * 2
    assert contents(table(tmp_path / "a.csv", rows)) == {(1.5, 2.5): "Rose", (2.5, 3.5): "Tulpe"}
    with pytest.raises(DataError, match=r"got '1,5' in row 2 .line 3."):
        table(tmp_path / "a.csv", "a;b;kind\n1.5;2;x\n1,5;2;y\n")


def test_many_rows_with_text(tmp_path: Path) -> None:
    lines = [f"{number}.5,{number % 7},{'ab'[number % 2]}" for number in range(5000)]
    whole = table(tmp_path / "a.csv", "x,z,name\n" + "\n".join(lines))
    assert sorted(whole.column("x").tolist()) == [number + 0.5 for number in range(5000)]
    lines[4321] = "1.5,2"
    with pytest.raises(FileFormatError, match=r"3 columns in the first line .* and 2 in row 4322 .line 4323."):
        table(tmp_path / "a.csv", "x,z,name\n" + "\n".join(lines))
    lines[4321] = '1.5,2,"a'
    with pytest.raises(FileFormatError, match=r"one in line 4323 of .* that does not close"):
        table(tmp_path / "a.csv", "x,z,name\n" + "\n".join(lines))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    text=st.text("0123.,;\t\"'\n -eaxylid\ufeff", max_size=80),
    label=st.sampled_from([None, "last", 0, -1, "a", "y"]),
    header=st.sampled_from([None, True, False]),
    ignore=st.sampled_from([(), (1,), "first"]),
    standardize=st.booleans(),
)
def test_any_text_with_any_options_is_data_or_a_typed_error(tmp_path: Path, text: str, **options: Any) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    with suppress(PellucidError):
        assert np.isfinite(load(path, test_fraction=0.5, **options).train.images).all()


@pytest.mark.parametrize("name", ["", "Id", "index"])
def test_a_column_that_numbers_the_rows_is_left_out(tmp_path: Path, name: str) -> None:
    numbered = "".join(f"{number},{row}\n" for number, row in enumerate(ROWS.splitlines()))
    whole = table(tmp_path / "a.csv", f"{name},{HEADER}{numbered}")
    assert contents(whole) == EXPECTED
    assert "only numbers the rows and is left out" in whole.choices


def test_columns_can_be_left_out(tmp_path: Path) -> None:
    text = "name,sepal,petal,species\n" + "".join(f"flower,{row}\n" for row in ROWS.splitlines())
    with pytest.raises(DataError, match=r"'flower' in row 1 .line 2., column 'name'.*ignore"):
        table(tmp_path / "a.csv", text)
    assert contents(table(tmp_path / "a.csv", text, ignore="name")) == EXPECTED
    assert contents(table(tmp_path / "a.csv", text, ignore=[0])) == EXPECTED
    assert table(tmp_path / "a.csv", text, ignore=["name", "petal"]).features == ("sepal",)
    with pytest.raises(DataError, match="at least one feature"):
        table(tmp_path / "a.csv", text, ignore=["name", "petal", "sepal"])
    with pytest.raises(DataError, match="column 'species' for both"):
        table(tmp_path / "a.csv", text, ignore=["species"])


@pytest.mark.parametrize(
    ("order", "classes"),
    [(["b", "a", "c"], ("a", "b", "c")), (["10", "9", "-1"], ("-1", "9", "10")), (["2.0", "1", "2"], ("1", "2"))],
)
def test_classes_are_sorted(tmp_path: Path, order: list[str], classes: tuple[str, ...]) -> None:
    text = "x,kind\n" + "".join(f"{row + 0.5},{order[row % 3]}\n" for row in range(12))
    assert table(tmp_path / "a.csv", text, label="kind").classes == classes


@pytest.mark.parametrize("missing", ["NA", "?", "nan", "", "n/a", "NULL"])
def test_a_missing_label_is_no_class(tmp_path: Path, missing: str) -> None:
    with pytest.raises(DataError, match=r"missing value '.*' in row 3 .line 4., column 'kind'"):
        table(tmp_path / "a.csv", f"a,kind\n1.5,x\n2,y\n3,{missing}\n4,x\n", label="kind")
    assert table(tmp_path / "a.csv", "a,kind\n1.5,none\n2,y\n3,none\n4,-\n").classes == ("-", "none", "y")


def test_underscores_are_no_digits(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"got '1_0' in row 2"):
        table(tmp_path / "a.csv", "a,kind\n1.5,x\n1_0,y\n")


def test_measurements_are_no_classes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,price\n" + "".join(f"{n / 3:.2f},{100 * n}\n" for n in range(50)), encoding="utf-8")
    with pytest.raises(DataError, match="50 different values in 50 rows: choose another column"):
        load(path)
    path.write_text("a,price\n" + "".join(f"{n},{n / 8}\n" for n in range(50)), encoding="utf-8")
    with pytest.raises(DataError, match=r"got 0\.125 in row 2 .line 3., column 'price'"):
        load(path, label="price", task="classes")
    path.write_text("a,price\n" + "0.5,1\n0.25,inf\n" * 4, encoding="utf-8")
    with pytest.raises(DataError, match=r"got inf in row 2 .line 3., column 'price'"):
        load(path, label="price")


@pytest.mark.parametrize("label", ["colour", 3, -4, True, 1.5])
def test_a_label_that_is_no_column(tmp_path: Path, label: Any) -> None:
    with pytest.raises(ConfigurationError, match="one of sepal, petal, species"):
        table(tmp_path / "a.csv", HEADER + ROWS, label=label)


def test_standardised_by_the_training_part(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rng = np.random.default_rng(0)
    rows = rng.normal([300, -2], [50, 0.1], (100, 2))
    path.write_text("a,b,same,kind\n" + "".join(f"{a},{b},7,{'xy'[int(a > 300)]}\n" for a, b in rows), encoding="utf-8")
    train, test = load(path, standardize=True)
    plain, plain_test = load(path)
    assert isinstance(train, Table)
    assert isinstance(test, Table)
    assert isinstance(plain_test, Table)
    assert train.mean is not None
    assert train.scale is not None
    np.testing.assert_allclose(train.mean, plain.images.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(train.images.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(train.images.std(axis=0), [1, 1, 0], atol=1e-5)
    assert train.scale[2] == 1
    assert np.array_equal(test.images, train.prepare(plain_test.images))
    assert test[:3].mean is train.mean
    kept = Columns.of_record({"columns": train.columns.configuration()})
    assert kept is not None
    assert np.array_equal(kept.prepare(plain_test.images), test.images)
    with pytest.raises(DataError, match="standardise once"):
        train.standardized()
    with pytest.raises(DataError, match="with the same features"):
        plain_test.standardized(like=plain_test)


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"columns": 3},
        {"columns": {"features": [], "label": "x"}},
        {"columns": {"features": ["a"], "label": "x", "mean": [1.0, 2.0], "scale": [1.0]}},
        {"columns": {"features": ["a"], "label": "x", "mean": [1.0], "scale": [0.0]}},
    ],
)
def test_columns_of_a_record_that_has_none(record: dict[str, Any]) -> None:
    assert Columns.of_record(record) is None


def test_options_of_tables_for_other_data(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="label and standardize cannot be chosen for 'digits'"):
        load("digits", label="x", standardize=True)
    with pytest.raises(ConfigurationError, match="header can be chosen for CSV tables only"):
        load(tmp_path, header=False)


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([[1.0, np.nan]], {}, "got nan in row 0, feature 1"),
        ([1.0, 2.0], {}, "shape"),
        ([[1e300]], {}, "finite"),
        ([[1.0]], {"features": ["a", "b"]}, "1 different names"),
        ([[1.0, 2.0]], {"features": ["a", "a"]}, "2 different names"),
        ([["a"]], {}, "numbers"),
    ],
)
def test_rows_that_are_no_table(rows: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Table(rows, [0], **options)


def test_values_to_predict(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,price\n" + "".join(f"{n},{n / 8}\n" for n in range(50)), encoding="utf-8")
    train, _ = load(path, label="price")
    assert (train.has_classes, train.classes, train.features) == (False, ("price",), ("a",))
    assert train.targets[:, 0].tolist() == (train.images[:, 0] / 8).tolist()
    path.write_text("a,price\n" + "".join(f"{n / 3:.2f},{100 * n}\n" for n in range(50)), encoding="utf-8")
    train, test = load(path, task="values")
    assert not train.has_classes
    assert "the last column, with values to predict" in train.choices
    assert sorted(np.concatenate([train.targets, test.targets])[:, 0].tolist()) == [100.0 * n for n in range(50)]
    with pytest.raises(ConfigurationError, match="the task"):
        load(path, task="guess")  # type: ignore[arg-type]
    path.write_text("a,price\n1,2.5\n2,\n3,4\n", encoding="utf-8")
    with pytest.raises(DataError, match="missing value"):
        load(path, task="values")

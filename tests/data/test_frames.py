"""Frames: pandas', polars', and a stand-in that has what they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pellucid as pl


class Column:
    """A column with a name."""

    def __init__(self, name: str, values: Any) -> None:
        self.name, self.values = name, np.asarray(values)
        self.dtype = self.values.dtype

    def to_numpy(self) -> Any:
        return self.values

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.values if dtype is None else self.values.astype(dtype)


class Frame:
    """Columns of one length."""

    def __init__(self, columns: dict[str, Any]) -> None:
        self.held = {name: Column(name, values) for name, values in columns.items()}
        self.columns = list(columns)
        self.shape = (len(next(iter(self.held.values())).values), len(columns))

    def __getitem__(self, name: Any) -> Any:
        if isinstance(name, list):
            return Frame({each: self.held[each].values for each in name})
        return self.held[name]

    def to_numpy(self) -> Any:
        return np.stack([column.values for column in self.held.values()], axis=1)


MAKERS = ["stand-in", "pandas", "polars"]


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Callable[[dict[str, Any]], Any]:
    if request.param == "stand-in":
        return Frame
    library: Any = pytest.importorskip(request.param)
    return library.DataFrame  # type: ignore[no-any-return]


def numbers(count: int = 40) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "length": rng.random(count) * 9,
        "count": rng.integers(0, 9, count),
        "width": rng.random(count).astype(np.float32),
    }


def named(values: dict[str, Any]) -> list[str]:
    return ["long" if length > 4 else "brief" for length in values["length"]]


def trained(data: pl.data.Dataset) -> pl.Network:
    trainer = pl.Recipe([pl.Dense(4, "tanh"), pl.Dense(2, "softmax")]).trainer(data)
    list(trainer.run(2))
    return trainer.net


def test_a_column_of_names_becomes_classes(make: Any) -> None:
    values = numbers()
    data = pl.data.Dataset(make(values | {"kind": named(values)}), "kind")
    assert data.classes == ("brief", "long")
    assert [data.classes[label] for label in data.labels] == named(values)
    assert data.columns.features == ("length", "count", "width")
    assert data.columns.label == "kind"
    expected = np.stack([values[name] for name in values], axis=1).astype(np.float32)
    assert np.array_equal(data.images, expected)
    assert data.split(0.5)[0].columns.features == data.columns.features


def test_labels_may_be_a_column_elsewhere(make: Any) -> None:
    values = numbers()
    frame, labels = make(values), make({"kind": named(values)})
    assert pl.data.Dataset(frame, labels["kind"], classes=["long", "brief"]).classes == ("long", "brief")
    with pytest.raises(pl.DataError, match="among the classes long; got brief"):
        pl.data.Dataset(frame, labels["kind"], classes=["long"])
    targets = pl.data.Dataset(frame, make({"u": values["length"], "v": values["width"]}))
    assert (targets.has_classes, targets.classes) == (False, ("u", "v"))
    assert pl.data.Dataset(frame, "length").columns.label == "length"


def test_a_network_finds_columns_by_name(make: Any) -> None:
    values = numbers()
    net = trained(pl.data.Dataset(make(values | {"kind": named(values)}), "kind"))
    frame = make(values)
    expected = net(np.stack([values[name] for name in values], axis=1).astype(np.float32))
    assert np.array_equal(net(frame), expected)
    assert np.array_equal(net(frame[["width", "length", "count"]]), expected)
    assert np.array_equal(net.trace(frame[["width", "length", "count"]])[-1].activations, expected)


def test_wrong_columns_are_refused(make: Any) -> None:
    values = numbers()
    frame = make(values | {"kind": named(values)})
    net = trained(pl.data.Dataset(frame, "kind"))
    with pytest.raises(pl.DataError, match="not among the features: 'kind'"):
        net(frame)
    with pytest.raises(pl.DataError, match="missing: 'width'"):
        net(make(values)[["length", "count"]])
    with pytest.raises(pl.DataError, match=r"Expected numbers in all columns.* in the column 'length'"):
        net(make(values | {"length": named(values)}))
    with pytest.raises(pl.DataError, match="none in row 3 of the column 'width'"):
        net(make(values | {"width": np.where(np.arange(40) == 3, np.nan, values["width"])}))
    with pytest.raises(pl.DataError, match="name of a column"):
        pl.data.Dataset(frame, "species")
    with pytest.raises(pl.DataError, match="at least one column"):
        pl.data.Dataset(frame[["kind"]], "kind")


def test_a_network_of_standardised_numbers_standardises_frames(make: Any) -> None:
    values = numbers()
    table = pl.data.Table(make(values | {"kind": named(values)}), "kind")
    assert (table.features, table.columns.label) == (("length", "count", "width"), "kind")
    even = table.standardized()
    net = trained(even)
    assert np.allclose(net(make(values)), net(even.images), atol=1e-6)


def test_a_network_without_names_takes_columns_in_their_order(make: Any) -> None:
    net = pl.Network([pl.Dense(2)], input_shape=(3,), level_range=(0, 1))
    values = numbers()
    assert net(make(values)).shape == (40, 2)
    with pytest.raises(pl.ShapeError):
        net(make(values)[["length"]])


def test_numbers_of_pandas_that_may_be_missing() -> None:
    pandas = pytest.importorskip("pandas")
    kinds = pandas.Categorical(["u", "v", "u"])
    data = pl.data.Dataset(pandas.DataFrame({"a": pandas.array([1, 2, 3], dtype="Int64"), "k": kinds}), "k")
    assert (data.images.ravel().tolist(), data.classes) == ([1, 2, 3], ("u", "v"))
    with pytest.raises(pl.DataError, match="none in row 1"):
        pl.data.Dataset(pandas.DataFrame({"a": pandas.array([1, None, 3], dtype="Int64"), "k": kinds}), "k")
    with pytest.raises(pl.DataError, match="a missing one"):
        pl.data.Dataset(pandas.DataFrame({"a": [1, 2, 3], "k": ["u", None, "v"]}), "k")
    assert not hasattr(pl.data.Dataset(pandas.DataFrame(np.zeros((3, 2))), [0, 1, 0]), "columns")

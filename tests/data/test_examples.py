"""Data sets of other libraries: stand-ins, PyTorch's and Hugging Face's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

import pellucid as pl


class Pairs:
    """What a map-style data set of PyTorch is."""

    classes = ("cat", "dog")

    def __init__(self, count: int = 5) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Any, int]:
        if not 0 <= index < self.count:
            raise IndexError
        return np.full((2, 3), index / 10, np.float32), index % 2


class Rows:
    """What an iterable data set is, of mappings."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for number in range(20):
            yield {"name": "row", "length": number / 4, "target": number % 2, "width": 1}


def test_pairs_become_a_data_set() -> None:
    data = pl.data.collect(Pairs(2100), name="pairs", level_range=None)
    assert (data.shape, data.classes, data.name) == ((2, 3), ("cat", "dog"), "pairs")
    assert data.labels.tolist() == [number % 2 for number in range(2100)]
    assert np.array_equal(data.images[1007], np.full((2, 3), 100.7, np.float32))
    assert pl.data.collect(Pairs(), classes=["no", "yes"]).classes == ("no", "yes")


def test_triples_have_weights() -> None:
    data = pl.data.collect([(np.zeros(3), 0, 1.0), (np.ones(3), 1, 2.0)])
    assert data.weight is not None
    assert data.weight.tolist() == [1, 2]


def test_pictures_have_their_colours_at_the_front() -> None:
    assert pl.data.collect([(Image.new("RGB", (6, 5)), 0), (Image.new("RGB", (6, 5)), 1)]).shape == (3, 5, 6)
    assert pl.data.collect([(Image.new("L", (6, 5), 255), 0), (Image.new("L", (6, 5)), 1)]).images.max() == 255


def test_columns_are_chosen_by_name_or_by_type() -> None:
    rows = list(Rows())
    data = pl.data.collect(rows)
    assert (data.columns.features, data.columns.label) == (("length", "width"), "target")
    chosen = pl.data.collect(rows, inputs=["width", "length"], label="target")
    assert np.array_equal(chosen.images, data.images[:, ::-1])
    values = pl.data.collect(rows, inputs=["target"], label="length", task="values")
    assert values.targets.shape == (20, 1)


def test_examples_one_by_one_make_a_stream() -> None:
    stream = pl.data.Stream(pl.data.batches(Rows(), 8), classes=2)
    assert [len(batch.images) for batch in stream.batches(0)] == [8, 8, 4]
    assert len(stream) == 20
    trainer = pl.Trainer(pl.Network([pl.Dense(2, "softmax")], input_shape=(2,)), stream)
    assert [event.epoch for event in trainer.run(2)] == [1, 2]


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ([], pl.DataError, "at least one example"),
        (Rows(), pl.ConfigurationError, "one by one"),
        ({"train": Pairs()}, pl.ConfigurationError, "one of its splits"),
        ([1, 2], pl.DataError, "got int"),
        ([(np.zeros(2), 0), (np.zeros(3), 1)], pl.DataError, "one shape"),
        ([(np.zeros(2), 0), (np.zeros(2), 0, 1.0)], pl.DataError, "weights in all"),
        ([{"a": 1}], pl.ConfigurationError, "one column with the labels"),
        ([{"a": "text", "label": 1}], pl.ConfigurationError, "columns of numbers"),
        ([{"a": [1, 2], "b": [1, 2], "label": 1}], pl.ConfigurationError, "one column of pictures or arrays"),
        ([{"a": 1, "label": 1}, {"label": 1}], pl.DataError, "column 'a'"),
        ([{"a": 1, "label": 1}, (1, 1)], pl.DataError, "as mappings"),
    ],
)
def test_what_is_no_data_set_is_refused(wrong: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        pl.data.collect(wrong)


def test_wrong_names_are_refused() -> None:
    with pytest.raises(pl.ConfigurationError, match="Expected columns among name, length"):
        pl.data.collect(list(Rows()), inputs="height")
    with pytest.raises(pl.ConfigurationError, match="name columns"):
        pl.data.collect(Pairs(), label="y")
    with pytest.raises(pl.ConfigurationError, match="again and again"):
        pl.data.batches(iter([1]))
    with pytest.raises(pl.ConfigurationError, match="size expected"):
        pl.data.batches(Rows(), 0)
    with pytest.raises(pl.ConfigurationError, match=r"pl\.data\.collect"):
        pl.Trainer(pl.Network([pl.Dense(2, "softmax")], input_shape=(2, 3)), Pairs())  # type: ignore[arg-type]


def test_torch() -> None:
    torch = pytest.importorskip("torch")
    numbers = torch.arange(12, dtype=torch.float32).reshape(4, 3)
    data = pl.data.collect(torch.utils.data.TensorDataset(numbers, torch.tensor([0, 1, 0, 1])))
    assert np.array_equal(data.images, numbers.numpy())
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(numbers, torch.tensor([0, 1, 0, 1])), 2)
    assert len(pl.data.Stream(loader)) == 4


def test_hugging_face() -> None:
    datasets = pytest.importorskip("datasets")
    features = {
        "picture": datasets.Image(),
        "text": datasets.Value("string"),
        "kind": datasets.ClassLabel(names=["a", "b"]),
    }
    pictures = [Image.fromarray(np.full((4, 4), number, np.uint8)) for number in range(6)]
    columns = {"picture": pictures, "text": ["t"] * 6, "kind": [0, 1] * 3}
    theirs = datasets.Dataset.from_dict(columns, features=datasets.Features(features))
    data = pl.data.collect(theirs)
    assert (data.classes, data.shape, data.images[3, 0, 0]) == (("a", "b"), (4, 4), 3)
    table = datasets.Dataset.from_dict({"length": [1.0, 2.0], "width": [3, 4], "y": [0, 1]})
    assert pl.data.collect(table).columns.features == ("length", "width")
    vectors = datasets.Dataset.from_dict({"v": [[1.0, 2.0]] * 2, "species": [0, 1]})
    assert pl.data.collect(vectors.with_format("numpy"), label="species").shape == (2,)
    stream = pl.data.Stream(pl.data.batches(theirs.to_iterable_dataset(), 4))
    assert len(stream) == 6
    with pytest.raises(pl.ConfigurationError, match="one of its splits"):
        pl.data.collect(datasets.DatasetDict({"train": theirs}))

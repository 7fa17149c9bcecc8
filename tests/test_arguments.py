"""Arguments of types that nobody expects: refused with one typed error, before anything is done with them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.errors import ConfigurationError, DataError, PellucidError

FRAMES: Any = (None, 3)
RAGGED = [[1, 2], [3]]
IMAGES = pl.data.Dataset(np.zeros((4, 2, 2)), [0, 1, 0, 1])
SEQUENCES = pl.data.Sequences([np.zeros((5, 3))] * 4, [0, 1, 0, 1])
DENSE = pl.Network([pl.Dense(2, "softmax")], input_shape=(2, 2))
LSTM = pl.Network([pl.LSTM(2), pl.Dense(2, "softmax")], input_shape=FRAMES)


def refused(error: type[PellucidError], words: str, call: Callable[[], Any]) -> None:
    with pytest.raises(error, match=re.escape(words)) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", [None, 3, 0.5, b"a", np.zeros(3), print])
def test_paths(path: Any) -> None:
    refused(ConfigurationError, "load expected a path or a name", lambda: pl.load(path))
    refused(ConfigurationError, "load expected a path or a name", lambda: pl.data.load(path))
    refused(ConfigurationError, "resume expected a path or a name", lambda: pl.Trainer.resume(path, IMAGES))


@pytest.mark.parametrize("path", ["a" * 10_001, "\0"])
def test_paths_that_no_file_can_have(path: str) -> None:
    refused(ConfigurationError, "nor a shipped network", lambda: pl.load(path))
    refused(ConfigurationError, "neither a data set nor a path", lambda: pl.data.load(path))


def test_a_home_folder_that_does_not_exist() -> None:
    refused(ConfigurationError, "no home folder", lambda: pl.data.load("~nobody-of-this-name/data.csv"))


@pytest.mark.parametrize("seed", [-1, 0.5, "1", [], np.zeros(2), True])
def test_seeds(seed: Any) -> None:
    refused(ConfigurationError, "seed", lambda: DENSE.reset(seed))
    refused(ConfigurationError, "seed", lambda: SEQUENCES.split(0.5, seed))
    refused(ConfigurationError, "seed", lambda: IMAGES.split(0.5, seed))


@pytest.mark.parametrize("fraction", [None, "0.5", {}, [], np.zeros(2), True, 0, 1, -0.5, np.nan, 10**400])
def test_fractions(fraction: Any) -> None:
    words = "expected a number between 0 and 1"
    refused(ConfigurationError, words, lambda: IMAGES.split(fraction))
    refused(ConfigurationError, words, lambda: SEQUENCES.split(fraction))
    refused(ConfigurationError, words, lambda: pl.data.load("digits", test_fraction=fraction))


@pytest.mark.parametrize("values", [None, 3, 0.5, print, np.array(3)])
def test_lists_of_sequences(values: Any) -> None:
    one = [np.zeros((5, 3))]
    refused(DataError, "frames as a list", lambda: pl.data.Sequences(values, [0]))
    refused(DataError, "labels as a list", lambda: pl.data.Sequences(one, values))
    refused(DataError, "list of names", lambda: pl.data.Dataset(IMAGES.images, IMAGES.labels, classes=values or 0))


@pytest.mark.parametrize("classes", [3, print, np.array(3), "a", {"a"}])
def test_classes_of_a_network(classes: Any) -> None:
    make = [pl.Dense(2, "softmax")]
    refused(ConfigurationError, "2 different names", lambda: pl.Network(make, input_shape=(2, 2), classes=classes))


@pytest.mark.parametrize("clip", [0, -1.0, np.nan, np.inf, 10**400, 1.75e308, True, "1", [1.0]])
def test_clips(clip: Any) -> None:
    refused(
        ConfigurationError, "clip expected a positive number", lambda: pl.Trainer(LSTM.copy(), SEQUENCES, clip=clip)
    )


@pytest.mark.parametrize("clip", [5e-324, 1, 1.7e308])
def test_a_clip_is_saved_and_resumed(clip: float, tmp_path: Path) -> None:
    net = pl.Network([pl.LSTM(2, outputs="last"), pl.Dense(2, "softmax")], input_shape=FRAMES)
    pl.Trainer(net, SEQUENCES, clip=clip).save(tmp_path / "training")
    assert pl.Trainer.resume(tmp_path / "training", SEQUENCES).clip == clip


def test_class_names_may_come_one_by_one() -> None:
    made = pl.data.Dataset(IMAGES.images, IMAGES.labels, classes=(name for name in "ab"))  # type: ignore[arg-type]
    assert made.classes == ("a", "b")


@pytest.mark.parametrize("loss", ["", [], {}, np.zeros(2), 0])
def test_losses(loss: Any) -> None:
    refused(ConfigurationError, "loss expected", lambda: DENSE.gradient(np.zeros((2, 2)), 0, loss))
    refused(ConfigurationError, "loss expected", lambda: LSTM.gradient(np.zeros((5, 3)), [1], loss))


def test_ragged_nests() -> None:
    refused(DataError, "labels", lambda: DENSE.gradient(np.zeros((2, 2, 2)), RAGGED))
    refused(DataError, "lengths", lambda: LSTM(np.zeros((2, 5, 3)), lengths=RAGGED))
    refused(DataError, "frames", lambda: LSTM.stream().feed(RAGGED))


@pytest.mark.parametrize("outputs", [np.array(["mean", "last"]), ["mean"], None])
def test_outputs_of_an_lstm(outputs: Any) -> None:
    refused(ConfigurationError, "LSTM expected outputs", lambda: pl.LSTM(2, outputs=outputs))


def test_path_objects_are_paths(tmp_path: Path) -> None:
    pl.save(DENSE, tmp_path / "net")
    assert pl.load(tmp_path / "net").parameters.tobytes() == DENSE.parameters.tobytes()

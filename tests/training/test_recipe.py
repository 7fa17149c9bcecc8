from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

import pellucid as pl


def test_a_recipe_is_small_and_survives_pickling() -> None:
    rate = pl.Cosine(0.1)
    layers = [pl.Conv2d(8, 3, activation="relu"), pl.MaxPool2d(2), pl.Dense(10, "softmax")]
    recipe = pl.Recipe(layers, optimizer=pl.AdamW(rate, decay=0.1), augment=pl.Augment.standard(), frozen=[0])
    sent = pickle.dumps(recipe)
    assert len(sent) < 2000
    assert pickle.loads(sent) == recipe


def test_layers_of_a_network_are_left_without_their_parameters() -> None:
    net = pl.Network([pl.Dense(500)], input_shape=(500,))
    recipe = pl.Recipe(net.layers)
    assert len(pickle.dumps(recipe)) < 1000
    assert not recipe.layers[0].is_attached


def test_a_recipe_trains_as_a_trainer_does() -> None:
    x = np.random.default_rng(0).random((60, 4), np.float32)
    data = pl.data.Dataset(x, (x[:, 0] > 0.5).astype(int))
    options = {"optimizer": pl.Adam(0.01), "batch_size": 7, "label_smoothing": 0.1, "class_weight": "balanced"}
    trainer = pl.Recipe([pl.Dense(2, "softmax")], seed=5, **options).trainer(data)
    other = pl.Trainer(pl.Network([pl.Dense(2, "softmax")], input_shape=(4,), seed=5), data, seed=5, **options)
    assert [event.loss for event in trainer.run(3)] == [event.loss for event in other.run(3)]
    assert np.array_equal(trainer.net.parameters, other.net.parameters)


def test_sequences_have_their_shape() -> None:
    data = pl.data.Sequences([np.zeros((7, 3)), np.ones((4, 3))], [1, 0])
    assert pl.Recipe([pl.LSTM(4, outputs="last"), pl.Dense(2, "softmax")]).trainer(data).net.input_shape == (None, 3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"layers": []}, "list of layers"),
        ({"layers": [3]}, "layers such as"),
        ({"epochs": -1}, "epochs expected"),
        ({"seed": 1.5}, "seed expected"),
        ({"patience": 0}, "patience expected"),
    ],
)
def test_mistakes_are_found_when_it_is_made(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(pl.ConfigurationError, match=message):
        replace(pl.Recipe([pl.Dense(1)]), **wrong)

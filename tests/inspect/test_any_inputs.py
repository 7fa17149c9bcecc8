"""Looking inside networks whose inputs are not pictures of 28x28 pixels: tables, colours, frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.inspect.names import INPUTS, feature_names, input_words, knob_name, neuron_name

FEATURES = ["sepal length", "sepal width", "petal length", "petal width"]


@pytest.fixture(scope="module")
def flowers() -> pl.data.Table:
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    rows = rng.normal([5, 3, 1, 0.5], [0.5, 0.3, 0.2, 0.1], (60, 4)) + labels[:, None] * [0.5, 0, 2, 0.8]
    return pl.data.Table(rows, labels, features=FEATURES, classes=["setosa", "versicolor", "virginica"])


@pytest.fixture(scope="module", params=["raw", "standardised"])
def trained(request: pytest.FixtureRequest, flowers: pl.data.Table) -> tuple[pl.Network, pl.data.Table]:
    data = flowers if request.param == "raw" else flowers.standardized()
    net = pl.Network(
        [pl.Dense(6, "tanh"), pl.Dense(3, "softmax")], input_shape=data.shape, seed=0, classes=data.classes
    )
    list(pl.Trainer(net, data, optimizer=pl.Adam(0.02), batch_size=10).run(epochs=20))
    return net, data


def test_training_on_a_table_names_the_inputs(trained: tuple[pl.Network, pl.data.Table]) -> None:
    net, data = trained
    assert feature_names(net) == tuple(FEATURES)
    assert input_words(net) == ("row", "features")
    assert neuron_name(net, INPUTS, 2) == "feature petal length"
    assert neuron_name(net, 1, 0) == "output setosa"
    assert knob_name(net, pl.inspect.Knobs(net)[7]) == "feature sepal width → hidden layer 1, neuron 1"
    assert ("mean" in net.record["columns"]) == (data.mean is not None)


def test_the_names_are_saved(trained: tuple[pl.Network, pl.data.Table], tmp_path) -> None:
    net, data = trained
    pl.save(net, tmp_path / "net.safetensors")
    loaded = pl.load(tmp_path / "net.safetensors")
    assert feature_names(loaded) == data.features


def test_every_function_takes_rows(trained: tuple[pl.Network, pl.data.Table]) -> None:
    net, data = trained
    row, _ = data[1]
    votes = pl.inspect.votes(net, row, layer=0, neuron=3)
    np.testing.assert_allclose(votes.inputs, row)
    assert votes.positive + votes.negative + votes.bias == pytest.approx(votes.sum, abs=1e-5)
    assert pl.inspect.weight_picture(net, 0, 3).shape == (4,)
    blind = pl.inspect.ablate(net, neurons={(INPUTS, number): 0.0 for number in range(4)})
    assert np.array_equal(blind(data.images[0]), blind(data.images[1]))
    assert pl.inspect.mistakes(net, data).accuracy > 0.8
    health = pl.inspect.health(net, data.images, data.labels)
    assert len(health.dead) == 2
    assert (health.gradient_norms > 0).all()
    path = [net.parameters * scale for scale in (0.5, 0.8, 1.0)]
    assert np.isfinite(pl.inspect.loss_plane(net, path, data, side=3).losses).all()
    assert (pl.inspect.noisy(net, 0.1).parameters != net.parameters).any()


def test_backpropagation_of_a_row(trained: tuple[pl.Network, pl.data.Table]) -> None:
    net, data = trained
    row, label = data[1]
    result = pl.inspect.backpropagate(net, row, label)
    np.testing.assert_allclose(result.x, row)
    checks = [pl.inspect.check_parameter(result, index) for index in range(net.parameter_count)]
    checks += [pl.inspect.check_input(result, index) for index in range(4)]
    checks += [pl.inspect.check_activation(result, 0, neuron) for neuron in range(6)]
    assert [check.name for check in checks if not check.agrees] == []
    assert checks[-7].name == "feature petal width"
    stages = pl.inspect.stages(result)
    assert stages[0].caption.startswith("The row passes through the network, which reads ")
    assert stages[-1].title == "Back to the features"
    text = " ".join(stage.title + stage.caption for stage in stages)
    assert "feature " in text
    assert "pixel" not in text
    assert "picture" not in text


@pytest.fixture(scope="module", params=[1, 2])
def houses(request: pytest.FixtureRequest) -> tuple[pl.Network, pl.data.Table]:
    """A network that answers with one value or two, and its data."""
    rng = np.random.default_rng(1)
    rows = rng.normal(0, 1, (80, 3))
    values = np.stack([rows @ [1.0, -2.0, 0.5], rows[:, 0] * rows[:, 1]], axis=1)[:, : request.param]
    names = ["price", "taxes"][: request.param]
    data = pl.data.Table(rows, values, features=["area", "age", "rooms"], classes=names)
    net = pl.Network([pl.Dense(5, "tanh"), pl.Dense(request.param)], input_shape=(3,), seed=0)
    list(pl.Trainer(net, data, optimizer=pl.Adam(0.02), batch_size=16).run(epochs=10))
    return net, data


@pytest.mark.parametrize("loss", ["mean_squared", "mean_absolute", "huber"])
def test_backpropagation_of_values(houses: tuple[pl.Network, pl.data.Table], loss: str) -> None:
    net, data = houses
    row, target = data[3]
    result = pl.inspect.backpropagate(net, row, target, loss)
    assert result.label is None
    assert result.cost == pytest.approx(float(result.costs.sum()), rel=1e-4)
    checks = [pl.inspect.check_parameter(result, index) for index in range(net.parameter_count)]
    checks += [pl.inspect.check_input(result, index) for index in range(3)]
    checks += [pl.inspect.check_activation(result, 1, neuron) for neuron in range(len(target))]
    assert [check.name for check in checks if not check.agrees] == []
    stages = pl.inspect.stages(result)
    assert stages[0].caption.startswith("The row passes through the network, which answers price ")
    text = " ".join(stage.title + stage.caption for stage in stages)
    assert "output price" in text
    assert "class" not in text


def test_health_and_the_loss_plane_of_values(houses: tuple[pl.Network, pl.data.Table]) -> None:
    net, data = houses
    found = pl.inspect.health(net, data.images, data.targets)
    assert (found.gradient_norms > 0).all()
    path = [net.parameters * scale for scale in (0.5, 0.8, 1.0)]
    plane = pl.inspect.loss_plane(net, path, data, "huber", side=3)
    assert plane.path_losses[-1] == pytest.approx(net.gradient(data.images, data.targets, "huber").loss, rel=1e-4)


def test_targets_that_fit_nothing(houses: tuple[pl.Network, pl.data.Table]) -> None:
    net, data = houses
    with pytest.raises(pl.ShapeError, match=r"a class, or \d target values"):
        pl.inspect.backpropagate(net, data.images[0], [1.0, 2.0, 3.0])
    with pytest.raises(pl.ConfigurationError, match="a loss for target values, got 'squared'"):
        pl.inspect.backpropagate(net, data.images[0], data[0][1], "squared")
    with pytest.raises(pl.ConfigurationError, match="a loss for a class, got 'huber'"):
        pl.inspect.backpropagate(net, data.images[0], 0, "huber")


@pytest.mark.parametrize(
    ("shape", "index", "name", "words"),
    [
        ((4,), 2, "input 2", ("example", "inputs")),
        ((784,), 30, "input 30", ("example", "inputs")),
        ((28, 28), 30, "pixel (1, 2)", ("picture", "pixels")),
        ((1, 28, 28), 30, "pixel (1, 2)", ("picture", "pixels")),
        ((3, 4, 5), 27, "pixel (1, 2) of channel 1", ("picture", "pixels")),
        ((None, 20), 7, "input 7", ("example", "inputs")),
    ],
)
def test_names_of_inputs(shape: tuple[int | None, ...], index: int, name: str, words: tuple[str, str]) -> None:
    net = pl.Network([pl.Dense(3, "softmax")], input_shape=shape)
    assert neuron_name(net, INPUTS, index) == name
    assert input_words(net) == words


def test_columns_of_another_shape_name_nothing() -> None:
    net = pl.Network([pl.Dense(3)], input_shape=(5,))
    net.record = {"columns": {"features": FEATURES, "label": "species"}}
    assert feature_names(net) is None
    assert neuron_name(net, INPUTS, 4) == "input 4"


def test_captions_of_inputs_without_names() -> None:
    net = pl.Network([pl.Dense(3, "softmax")], input_shape=(4,))
    stages = pl.inspect.stages(pl.inspect.backpropagate(net, [0.1, -2.0, 3.0, 0.0], 1))
    assert stages[0].caption.startswith("The example passes through the network")
    assert stages[-1].title == "Back to the inputs"


def test_noise_in_a_network_with_layers_without_weights() -> None:
    layers = [pl.Conv2d(2, 3, activation="relu"), pl.MaxPool2d(2), pl.Flatten(), pl.Dense(2, "softmax")]
    net = pl.Network(layers, input_shape=(3, 10, 10))
    moved = pl.inspect.noisy(net, 0.5)
    assert (moved.layers[0].weight != net.layers[0].weight).all()
    assert (moved.layers[3].weight != net.layers[3].weight).all()
    only = pl.inspect.noisy(net, 0.5, layer=3)
    assert np.array_equal(only.layers[0].weight, net.layers[0].weight)
    assert np.array_equal(only.layers[3].weight, moved.layers[3].weight)


def test_a_frame_has_no_shape_of_a_picture() -> None:
    net = pl.Network([pl.Dense(3, "relu"), pl.Dense(2, "softmax")], input_shape=(None, 20))
    assert np.array_equal(pl.inspect.weight_picture(net, 0, 1), net.layers[0].weight[1])


@pytest.mark.parametrize("cell", [pl.LSTM, pl.GRU, pl.RNN])
def test_mistakes_of_sequences(cell: Any) -> None:
    rng = np.random.default_rng(0)
    labels = [number % 2 for number in range(20)]
    data = pl.data.Sequences([rng.normal(label, 0.3, (3 + label, 4)) for label in labels], labels)
    net = pl.Network([cell(4, outputs="last"), pl.Dense(2, "softmax")], input_shape=(None, 4))
    found = pl.inspect.mistakes(net, data)
    expected = [int(net(frames).argmax()) for frames in data.frames]
    assert found.readings.tolist() == expected
    assert found.confusion.sum() == 20
    every = pl.Network([cell(4), pl.Dense(2, "softmax")], input_shape=(None, 4))
    with pytest.raises(pl.ShapeError, match="an output per frame"):
        pl.inspect.mistakes(every, data)
    with pytest.raises(pl.ShapeError, match="one class each"):
        pl.inspect.mistakes(net, pl.data.Sequences([np.zeros((5, 4))], [[1, 2]]))

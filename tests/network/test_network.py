"""The network as a function: shapes, types and levels of inputs, copies, configuration, threads, and bad options."""

from __future__ import annotations

import copy
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import pellucid as pl
from pellucid.errors import ConfigurationError, DataError, PellucidError, ShapeError
from pellucid.inspect import reference


def notes_network(**options: Any) -> pl.Network:
    """The small network: 784-16-16-10."""
    layers = [pl.Dense(16, "sigmoid"), pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")]
    return pl.Network(layers, **{"input_shape": (28, 28), "seed": 0, **options})


def drawing(seed: int = 0, count: int | None = None) -> npt.NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    shape = (28, 28) if count is None else (count, 28, 28)
    return (rng.integers(0, 256, shape) * (rng.random(shape) < 0.2)).astype(np.uint8)


def test_parameter_count_of_the_notes() -> None:
    net = notes_network()
    assert net.parameter_count == 784 * 16 + 16 * 16 + 16 * 10 + 16 + 16 + 10 == 13002
    assert net.parameters.shape == (13002,)
    assert repr(net) == "<Network 784-16-16-10: 13,002 parameters>"


def test_every_shape_of_one_image_and_of_many() -> None:
    net, image = notes_network(), drawing()
    outputs = net(image)
    assert outputs.shape == (10,)
    assert outputs.dtype == np.float32
    assert outputs.sum() == pytest.approx(1, abs=1e-6)
    for alike in (image.reshape(784), image.tolist(), image.reshape(784).tolist(), np.asfortranarray(image)):
        assert net(alike).tobytes() == outputs.tobytes()
    for batch in (image[None], image.reshape(1, 784), [image, image], np.stack([image] * 700)):
        answers = net(batch)
        assert answers.shape == (len(batch), 10)
        assert all(answer.tobytes() == outputs.tobytes() for answer in answers)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64, np.float16, np.float32, np.float64, ">f4", ">i4"])
@pytest.mark.parametrize("levels", [(0, 1), (0, 9), (0, 255), (-1, 1)])
def test_every_level_range_and_type_means_the_same(dtype: npt.DTypeLike, levels: tuple[int, int]) -> None:
    """Fractions of full ink are whole levels only for some ranges, so here a pixel is paper or full ink."""
    low, high = levels
    if low < 0 and np.dtype(dtype).kind == "u":
        pytest.skip("no unsigned number is below 0")
    pattern = drawing() > 0
    wanted = notes_network()(pattern.astype(np.float32))
    image = np.where(pattern, high, low).astype(dtype)
    net = notes_network(level_range=levels)
    for _ in range(2):
        np.testing.assert_array_equal(net(image), wanted)
    np.testing.assert_array_equal(net(np.stack([image, image])), [wanted, wanted])
    np.testing.assert_allclose(net.trace(image).outputs, wanted, rtol=1e-5)


def test_levels_in_between() -> None:
    nine = np.random.default_rng(0).integers(0, 10, (28, 28))
    wanted = notes_network()(nine / 9)
    np.testing.assert_allclose(notes_network(level_range=(0, 9))(nine), wanted, rtol=1e-5)
    np.testing.assert_allclose(notes_network(level_range=(0, 9))(nine.astype(np.uint8)), wanted, rtol=1e-5)
    np.testing.assert_allclose(notes_network()(drawing()), notes_network()(drawing() / 255), rtol=1e-5)
    np.testing.assert_array_equal(notes_network()(drawing() > 0), notes_network()((drawing() > 0).astype(float)))


def test_it_is_the_function_the_equations_say() -> None:
    net, images = notes_network(), drawing(count=40)
    net.parameters[...] *= 3
    unit = images.reshape(40, 784) / 255
    np.testing.assert_allclose(
        net(images), reference.forward(reference.layers_of(net), unit)[-1].a, rtol=1e-4, atol=1e-6
    )


def test_the_fast_path_and_the_program_give_the_same_bits() -> None:
    """The first call on one image prepares the fast path, which all later calls take."""
    for image in (drawing(), drawing() / np.float32(255), drawing().astype(float) / 255):
        net = notes_network()
        first = net(image)
        assert net(image).tobytes() == net(image[None])[0].tobytes() == first.tobytes()


def test_outputs_are_the_callers_own() -> None:
    net = notes_network()
    net(drawing())
    first = net(drawing(1))
    kept = first.copy()
    net(drawing(2))
    np.testing.assert_array_equal(first, kept)
    first[...] = 0
    np.testing.assert_array_equal(net(drawing(1)), kept)


def test_turned_knobs_are_felt_at_once() -> None:
    net, image = notes_network(), drawing()
    before = net(image), net(image)
    net.layers[2].named()["bias"][7] += 3
    after = net(image)
    assert after[7] > before[1][7]
    net.parameters[...] = 0
    np.testing.assert_allclose(net(image), 0.1)


def test_many_threads_may_ask_at_once() -> None:
    net, images = notes_network(), drawing(count=64)
    wanted = net(images)
    batches = [images[begin : begin + 9] for begin in range(0, 55)]

    def ask(i: int) -> bool:
        alone = net(images[i % 64]).tobytes() == wanted[i % 64].tobytes()
        begin = i % 55
        return alone and net(batches[begin]).tobytes() == wanted[begin : begin + 9].tobytes()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(800)))


def test_same_seed_same_bits() -> None:
    assert notes_network(seed=5).parameters.tobytes() == notes_network(seed=5).parameters.tobytes()
    assert notes_network(seed=5).parameters.tobytes() != notes_network(seed=6).parameters.tobytes()
    net = notes_network(seed=5)
    start = net.parameters.tobytes()
    net.parameters[...] = 1
    net.reset()
    assert net.parameters.tobytes() == start
    net.reset(6)
    assert net.parameters.tobytes() == notes_network(seed=6).parameters.tobytes()


def test_copies_share_nothing() -> None:
    net = notes_network(level_range=(0, 9), classes=list("abcdefghij"))
    net.parameters[...] += 0.25
    net.record["epochs"] = 3
    net(drawing())
    for twin in (net.copy(), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert twin.configuration() == net.configuration()
        assert twin.parameters.tobytes() == net.parameters.tobytes()
        assert twin.record == net.record
        assert twin(drawing()).tobytes() == net(drawing()).tobytes()
        twin.layers[0].named()["weight"][0, 0] = 99
        twin.record["epochs"] = 4
        assert twin.parameters[0] == 99
        assert net.parameters[0] != 99
        assert net.record["epochs"] == 3


def test_configuration_makes_it_again() -> None:
    layers = [pl.Dense(5, "relu", initialization="orthogonal"), pl.Dense(3, "softmax")]
    net = pl.Network(layers, input_shape=(2, 3), seed=11, level_range=(0, 9), classes=["x", "y", "z"])
    told = json.loads(json.dumps(net.configuration()))
    again = pl.Network.from_configuration(told)
    assert again.configuration() == net.configuration()
    assert again.parameters.tobytes() == net.parameters.tobytes()
    assert (again.classes, again.level_range, again.input_shape) == (("x", "y", "z"), (0.0, 9.0), (2, 3))
    assert pl.Network.from_configuration(notes_network().configuration()).parameter_count == 13002


def test_summary_names_every_layer() -> None:
    lines = notes_network().summary().splitlines()
    assert [line.split()[0] for line in lines] == ["input", "dense", "dense", "dense", "total"]
    assert "28x28" in lines[0]
    assert "a = sigmoid(W x + b)" in lines[1]
    assert lines[1].endswith("12,560")
    assert lines[-1].endswith("13,002")


def test_one_neuron_and_the_widest_input() -> None:
    net = pl.Network([pl.Dense(1, "sigmoid")], input_shape=(1,))
    assert net([1.0]).shape == (1,)
    assert net([[1.0], [0.5]]).shape == (2, 1)
    wide = pl.Network([pl.Dense(1)], input_shape=(1 << 17,))
    wide.parameters[...] = 1
    assert wide(np.ones(1 << 17))[0] == (1 << 17) + 1


@pytest.mark.parametrize("layers", [[], None, (), "dense", [16], [pl.Dense], [None]])
def test_layers_that_make_no_sense(layers: Any) -> None:
    with pytest.raises(ConfigurationError, match="Network expected"):
        pl.Network(layers)


@pytest.mark.parametrize("shape", [(), (0,), (-1, 28), 28, None, (1 << 25,), (1 << 40, 1 << 40), (2**70,)])
def test_input_shapes_that_make_no_sense(shape: Any) -> None:
    with pytest.raises(ShapeError, match="Network expected"):
        pl.Network([pl.Dense(2)], input_shape=shape)


@pytest.mark.parametrize("levels", [(1, 0), (0, 0), (0, np.inf), (np.nan, 1)])
def test_level_ranges_that_make_no_sense(levels: Any) -> None:
    with pytest.raises(ConfigurationError, match="Network expected level_range"):
        pl.Network([pl.Dense(2)], level_range=levels)


@pytest.mark.parametrize("classes", [["a"], ["a", "a"], list("abc"), []])
def test_classes_that_make_no_sense(classes: Any) -> None:
    with pytest.raises(ConfigurationError, match="Network expected 2 different names as classes"):
        pl.Network([pl.Dense(2)], classes=classes)


@pytest.mark.parametrize("x", [np.zeros(783), np.zeros((28, 27)), np.zeros((2, 2, 28, 28)), 0.5, [], [[]]])
def test_inputs_of_another_shape(x: Any) -> None:
    net = notes_network()
    net(drawing())
    for ask in (net, net.trace, net.read, lambda x: net.gradient(x, 0)):
        with pytest.raises(ShapeError, match=r"expected x of shape \(28, 28\), \(784,\) or a batch"):
            ask(x)


@pytest.mark.parametrize("x", ["three", None, [[1, 2], [3]], np.full((28, 28), "a"), np.full((28, 28), None)])
def test_inputs_that_are_not_numbers(x: Any) -> None:
    for ask in (notes_network(), notes_network().trace):
        with pytest.raises(DataError, match="The network expected"):
            ask(x)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 400, 783])
def test_nan_and_infinity_are_refused_by_the_fast_path_too(bad: float, place: int) -> None:
    net, image = notes_network(), np.zeros((28, 28), np.float32)
    net(image)
    image.reshape(-1)[place] = bad
    with pytest.raises(DataError, match="NaN or infinity among the inputs"):
        net(image)
    assert np.isfinite(net(np.zeros((28, 28), np.float32))).all()


@pytest.mark.parametrize("layers", [3, pl.Dense(3)])
def test_layers_come_in_a_list(layers: Any) -> None:
    with pytest.raises(ConfigurationError, match="Network expected a list of layers"):
        pl.Network(layers)


@pytest.mark.parametrize("shape", ["28", ("a",), (28.5, 28), [None]])
def test_input_shapes_are_integers(shape: Any) -> None:
    with pytest.raises(ShapeError, match="Network expected input_shape"):
        pl.Network([pl.Dense(2)], input_shape=shape)


@pytest.mark.parametrize("levels", [5, (1,), (0, 1, 2), "01", ("a", "b"), (0, 1e300), (-3e38, 3e38)])
def test_level_ranges_are_two_numbers_of_float32(levels: Any) -> None:
    with pytest.raises(ConfigurationError, match="Network expected level_range"):
        pl.Network([pl.Dense(2)], level_range=levels)


def test_classes_are_a_sequence() -> None:
    with pytest.raises(ConfigurationError, match="Network expected 2 different names as classes"):
        pl.Network([pl.Dense(2)], classes=5)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [-1, 1.5, "x", None, True])
def test_seeds_that_make_no_sense(seed: Any) -> None:
    with pytest.raises(ConfigurationError, match="seed"):
        pl.Network([pl.Dense(2)], seed=seed)


def test_a_network_too_large_for_memory_is_refused() -> None:
    with pytest.raises(PellucidError, match="Network expected at most"):
        pl.Network([pl.Dense(1 << 40)], input_shape=(1 << 20,))


def test_parameters_can_be_assigned() -> None:
    net, other = notes_network(), notes_network(seed=1)
    vector, image = net.parameters, drawing()
    before = net(image)
    net.parameters = other.parameters
    assert net.parameters is vector
    assert net.layers[0].weight.base is not None
    assert net(image).tobytes() == other(image).tobytes() != before.tobytes()
    net.parameters = other.parameters.astype(np.float64).tolist()
    net.parameters += 1
    assert net.layers[0].weight[3, 120] == np.float32(other.layers[0].weight[3, 120] + 1)
    net.parameters[...] = 0
    assert not net.layers[-1].bias.any()


@pytest.mark.parametrize(
    "vector",
    [
        np.zeros(100), np.zeros(13003), np.zeros((1, 13002)), 0.0, None, "zeros", [[1.0], [1.0, 2.0]],
        np.zeros(13002, complex), np.zeros(13002, object), np.full(13002, np.nan), np.full(13002, 1e39),
    ],
    ids=lambda vector: f"{np.asarray(vector, object).shape} {getattr(vector, 'dtype', vector)}",
)  # fmt: skip
def test_parameters_that_make_no_sense(vector: Any) -> None:
    net = notes_network()
    before, image = net.parameters.copy(), drawing()
    with pytest.raises((ShapeError, DataError), match="parameters expected"):
        net.parameters = vector
    assert net.parameters.tobytes() == before.tobytes()
    assert net(image).shape == (10,)


def test_parameters_of_another_type_are_converted() -> None:
    net = notes_network()
    net.parameters = net.parameters.astype(np.float16)
    assert net.parameters.dtype == np.float32
    assert net(drawing()).sum() == pytest.approx(1, abs=1e-3)


def test_parameters_in_another_shape_are_as_many() -> None:
    net, twin = notes_network(), notes_network()
    net.parameters.shape = (2, 6501)
    assert net.parameter_count == 13002
    assert net.gradient(drawing(), 3).parameters.tobytes() == twin.gradient(drawing(), 3).parameters.tobytes()
    net.parameters = twin.parameters
    assert net(drawing()).tobytes() == twin(drawing()).tobytes()


def test_read_only_parameters_stay_as_they_are() -> None:
    net = notes_network()
    net.parameters.flags.writeable = False
    with pytest.raises(ConfigurationError, match="read-only"):
        net.parameters = np.zeros(13002)


NETWORKS = {
    "dense": ([pl.Dense(4, "relu"), pl.Dense(3, "softmax")], (6, 6)),
    "planes": ([pl.Conv2d(2, 3), pl.MaxPool2d(2), pl.Flatten(), pl.Dropout(0.1), pl.Dense(3, "softmax")], (6, 6)),
    "sequences": ([pl.LSTM(2, bidirectional=True), pl.Dense(3, "softmax")], (None, 4)),
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_what_the_program_was_written_for_stays_as_it_is(kind: str) -> None:
    layers, shape = NETWORKS[kind]
    net = pl.Network(layers, input_shape=shape)
    x = np.random.default_rng(0).random((5, 4) if kind == "sequences" else shape).astype(np.float32)
    before, traced = net(x), net.trace(x).outputs
    changes = {
        "input_shape": (2, 2), "output_shape": (9,), "layers": net.layers[:1], "level_range": (0, 9),
        "parameter_count": 1,
    }  # fmt: skip
    for name, value in changes.items():
        with pytest.raises(ConfigurationError, match=name):
            setattr(net, name, value)
        with pytest.raises(ConfigurationError, match=name):
            delattr(net, name)
    for name in ("layers", "input_shape", "output_shape", "parameters", "parameter_count"):
        with pytest.raises(ConfigurationError, match=name):
            setattr(net.program, name, net.parameters[:3])
    for layer in net.layers:
        for name in layer.configuration():
            with pytest.raises(ConfigurationError, match=name):
                setattr(layer, name, 1 << 20)
            with pytest.raises(ConfigurationError, match=name):
                delattr(layer, name)
    assert net(x).tobytes() == before.tobytes()
    assert net.trace(x).outputs.tobytes() == traced.tobytes()
    assert net.copy()(x).tobytes() == pickle.loads(pickle.dumps(net))(x).tobytes() == before.tobytes()


@pytest.mark.parametrize(
    ("layer", "name", "value"),
    [
        (pl.Dense(3), "out_features", -5),
        (pl.Dense(3), "out_features", 2.5),
        (pl.Dense(3), "activation", "step"),
        (pl.Conv2d(3, 3), "kernel_size", (3, -3)),
        (pl.Conv2d(3, 3), "stride", 0),
        (pl.MaxPool2d(2), "kernel_size", 0),
        (pl.Dropout(0.5), "rate", -1),
    ],
    ids=lambda value: str(value),
)
def test_layers_changed_before_are_checked_again(layer: pl.layers.Layer, name: str, value: Any) -> None:
    setattr(layer, name, value)
    with pytest.raises(PellucidError):
        pl.Network([layer], input_shape=(6, 6))


def test_names_and_seed_are_checked_when_assigned() -> None:
    net = notes_network()
    net.classes = list("abcdefghij")
    net.seed = 7
    assert (net.classes[2], net.seed) == ("c", 7)
    for name, value in (("classes", ["a"]), ("classes", ["a"] * 10), ("seed", -1), ("seed", "x")):
        with pytest.raises(ConfigurationError, match=name[:4]):
            setattr(net, name, value)
    assert (net.classes[2], net.seed) == ("c", 7)

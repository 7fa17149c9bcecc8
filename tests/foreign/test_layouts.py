"""Graphs in the layouts of PyTorch, Keras and scikit-learn become networks that compute the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as pl
from foreign.graphs import TensorProto, model, node, reference, saved, weights


def numbers(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def check(made: Any, x: np.ndarray, folder: Any, *, given: np.ndarray | None = None) -> pl.Network:
    """Compare the network of a graph with the graph; ``given`` is x as the network takes it."""
    net = pl.load(saved(made, folder))
    expected = reference(made, x)
    given = x if given is None else given
    outputs = net(given if net.input_shape[0] is None else given.reshape(len(x), *net.input_shape))
    assert outputs.shape == expected.shape
    assert np.allclose(outputs, expected, rtol=1e-4, atol=1e-5)
    return net


def test_pytorch_linear_layers(tmp_path):
    constants = {"w": weights(5, 784), "b": weights(5), "v": weights(3, 5), "c": weights(3)}
    nodes = [
        node("Flatten", "x", "f", axis=1), node("Gemm", "f w b", "g", transB=1), node("Relu", "g", "r"),
        node("Dropout", "r", "d"), node("Gemm", "d v c", "h", transB=1, alpha=1.0, beta=1.0),
        node("Softmax", "h", "y", axis=1),
    ]  # fmt: skip
    net = check(model(nodes, constants, ("n", 1, 28, 28)), weights(4, 1, 28, 28), tmp_path)
    assert net.input_shape == (28, 28)
    assert [layer.kind for layer in net.layers] == ["dense", "dropout", "dense"]
    assert net.record["imported"] == "ONNX from test 1"


@pytest.mark.parametrize("options", [{"transB": 0}, {"transB": 0, "alpha": 0.5, "beta": 2.0}])
def test_products_of_other_forms(options, tmp_path):
    constants = {"w": weights(6, 5), "b": weights(1, 5)}
    check(model([node("Gemm", "x w b", "y", **options)], constants, (None, 6)), weights(4, 6), tmp_path)
    check(model([node("Gemm", "x w", "y", **options)], constants, (None, 6)), weights(4, 6), tmp_path)


def test_pytorch_activation_after_pooling_and_a_shape_that_is_computed(tmp_path):
    constants = {
        "w": weights(4, 1, 3, 3), "b": weights(4), "v": weights(3, 36), "c": weights(3), "zero": np.int64(0),
        "first": numbers(0), "rest": numbers(-1),
    }  # fmt: skip
    nodes = [
        node("Conv", "x w b", "c1", pads=[1, 0, 1, 0], kernel_shape=[3, 3]),
        node("MaxPool", "c1", "p", kernel_shape=[2, 2], strides=[2, 2]), node("Relu", "p", "r"),
        node("Shape", "r", "s"), node("Gather", "s zero", "n", axis=0), node("Unsqueeze", "n first", "n1"),
        node("Concat", "n1 rest", "shape", axis=0), node("Reshape", "r shape", "f"),
        node("Gemm", "f v c", "g", transB=1), node("LogSoftmax", "g", "y", axis=1),
    ]  # fmt: skip
    made = model(nodes, constants, ("n", 1, 6, 8))
    x = weights(5, 1, 6, 8)
    net = pl.load(saved(made, tmp_path))
    assert np.allclose(net(x[:, 0]), np.exp(reference(made, x)), atol=1e-5)
    assert "logarithms" in net.record["differences"]
    assert net.layers[0].activation == "relu"


def test_batch_normalisation_before_and_after_layers(tmp_path):
    constants = {
        "w": weights(4, 3, 3, 3), "v": weights(5, 4), "c": weights(5),
        **{f"{name}{at}": weights(4) for name in "gbm" for at in (1, 2)},
        "v1": np.abs(weights(4)) + 0.1, "v2": np.abs(weights(4)) + 0.1,
    }  # fmt: skip
    nodes = [
        node("Conv", "x w", "a", strides=[2, 1]), node("BatchNormalization", "a g1 b1 m1 v1", "n", epsilon=1e-3),
        node("Relu", "n", "r"), node("GlobalAveragePool", "r", "p"), node("Flatten", "p", "f"),
        node("BatchNormalization", "f g2 b2 m2 v2", "o"), node("Gemm", "o v c", "y", transB=1),
    ]  # fmt: skip
    net = check(model(nodes, constants, ("n", 3, 9, 8)), weights(5, 3, 9, 8), tmp_path)
    assert [layer.kind for layer in net.layers] == ["conv2d", "avg_pool2d", "dense"]


def test_keras_pictures_have_their_channels_last(tmp_path):
    constants = {
        "w": weights(4, 3, 3, 3), "b": weights(4), "flat": numbers(-1, 3 * 3 * 4), "v": weights(36, 5),
        "c": weights(5),
    }  # fmt: skip
    nodes = [
        node("Transpose", "x", "t", perm=[0, 3, 1, 2]),
        node("Conv", "t w b", "a", auto_pad="SAME_UPPER", strides=[2, 2]),
        node("Tanh", "a", "h"), node("MaxPool", "h", "p", kernel_shape=[2, 2], strides=[1, 1]),
        node("Transpose", "p", "u", perm=[0, 2, 3, 1]), node("Reshape", "u flat", "f"), node("MatMul", "f v", "m"),
        node("Add", "m c", "z"), node("Softmax", "z", "y", axis=-1),
    ]  # fmt: skip
    x = weights(6, 8, 8, 3)
    net = check(model(nodes, constants, ("n", 8, 8, 3)), x, tmp_path, given=x.transpose(0, 3, 1, 2))
    assert net.input_shape == (3, 8, 8)
    assert "channels last" in net.record["differences"]
    assert net.layers[0].kernel_size == (4, 4)  # zeros on two sides are as many as on the other two


def test_one_channel_needs_no_turning(tmp_path):
    constants = {"planes": numbers(-1, 1, 6, 6), "w": weights(2, 1, 3, 3), "flat": numbers(0, -1), "v": weights(32, 3)}
    nodes = [
        node("Reshape", "x planes", "p"), node("Conv", "p w", "a"), node("Transpose", "a", "t", perm=[0, 2, 3, 1]),
        node("Reshape", "t flat", "f"), node("MatMul", "f v", "y"),
    ]  # fmt: skip
    for shape in ((6, 6, 1), (6, 6), (36,)):
        x = weights(3, *shape)
        net = check(model(nodes, constants, (None, *shape)), x, tmp_path, given=x.reshape(3, 36))
        assert net.input_shape == (6, 6)


def test_levels(tmp_path):
    constants = {"mean": np.float32(0.1307), "deviation": np.array([0.3081], np.float32), "w": weights(2, 1, 3, 3)}
    nodes = [node("Sub", "x mean", "a"), node("Div", "a deviation", "b"), node("Conv", "b w", "y", pads=[1] * 4)]
    net = check(model(nodes, constants, (None, 1, 5, 5)), weights(3, 1, 5, 5), tmp_path)
    assert net.level_range == pytest.approx((0.1307, 0.1307 + 0.3081), abs=1e-7)


def test_bytes(tmp_path):
    constants = {"most": np.float32(255), "w": weights(6, 2)}
    x = np.random.default_rng(0).integers(0, 256, (4, 6), dtype=np.uint8)
    with_levels = [node("Cast", "x", "a", to=1), node("Div", "a most", "b"), node("MatMul", "b w", "y")]
    as_they_are = [node("Cast", "x", "a", to=1), node("MatMul", "a w", "y")]
    for nodes, levels in ((with_levels, (0, 255)), (as_they_are, (0, 1))):
        net = pl.load(saved(model(nodes, constants, (None, 6), kind=TensorProto.UINT8), tmp_path))
        expected = x.astype(np.float32) @ constants["w"] / (255 if levels[1] == 255 else 1)
        assert net.level_range == levels
        assert np.allclose(net(x), expected, rtol=1e-4, atol=1e-4)


def scikit_learn(last: list[Any], outputs: int, **options: Any) -> Any:
    constants = {
        "w": weights(4, 6), "b": weights(1, 6), "v": weights(6, outputs), "c": weights(1, outputs),
        "one": np.float32(1), "classes": np.array([f"class {n}".encode() for n in range(max(2, outputs))], object),
        "flat": numbers(-1),
    }  # fmt: skip
    nodes = [
        node("Scaler", "x", "s", offset=[1.0, 2.0, 3.0, 4.0], scale=[1.0, 0.5, 0.25, 2.0]),
        node("Cast", "s", "x1", to=1), node("MatMul", "x1 w", "m"), node("Add", "m b", "a"),
        node("Relu", "a", "r"), node("MatMul", "r v", "n"),
        node("Add", "n c", "z"), *last,
    ]  # fmt: skip
    nodes[0].domain = "ai.onnx.ml"
    return model(nodes, constants, (None, 4), **options)


def labels() -> list[Any]:
    found = [
        node("ArgMax", "p", "best", axis=1), node("ArrayFeatureExtractor", "classes best", "label"),
        node("Reshape", "label flat", "y"),
    ]  # fmt: skip
    found[1].domain = "ai.onnx.ml"
    return found


def test_scikit_learn_probabilities(tmp_path):
    made = scikit_learn([node("Softmax", "z", "p", axis=1), *labels()], 3, output="p")
    net = check(made, weights(5, 4) * 3, tmp_path)
    assert net.classes == ("class 0", "class 1", "class 2")
    assert net.level_range == (0, 1)  # numbers as they are


def test_scikit_learn_labels_alone(tmp_path):
    made = scikit_learn([node("Softmax", "z", "p", axis=1), *labels()], 3, output_kind=TensorProto.STRING)
    net, x = pl.load(saved(made, tmp_path)), weights(9, 4) * 3
    made.graph.output[0].name = "p"
    assert np.allclose(net(x), reference(made, x), rtol=1e-4, atol=1e-5)
    assert net.classes == ("class 0", "class 1", "class 2")
    assert "labels" in net.record["differences"]


def test_scikit_learn_two_classes_are_a_softmax_of_two(tmp_path):
    last = [
        node("Sigmoid", "z", "q"), node("Sub", "one q", "o"), node("Concat", "o q", "p", axis=1), *labels(),
    ]  # fmt: skip
    net = check(scikit_learn(last, 1, output="p"), weights(5, 4) * 3, tmp_path)
    assert net.output_shape == (2,)
    assert net.classes == ("class 0", "class 1")


def recurrent(kind: str, ways: int, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    gates, units = {"LSTM": 4, "GRU": 3, "RNN": 1}[kind], 6
    constants = {
        "W": weights(ways, gates * units, 5), "R": weights(ways, gates * units, units),
        "B": weights(ways, 2 * gates * units), "zeros": np.zeros((ways, 1, units), np.float32),
        "last": np.int64(-1), "one": numbers(1), "zero": numbers(0), "frames": numbers(0, 0, -1),
        "v": weights(units * ways, 3), "c": weights(3),
    }  # fmt: skip
    attributes = {"hidden_size": units, "direction": "bidirectional" if ways == 2 else "forward"} | options
    return constants, attributes | ({"linear_before_reset": 1} if kind == "GRU" else {})


ENDS = [node("MatMul", "h v", "m"), node("Add", "m c", "y")]


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_pytorch_sequences_of_one_direction(kind, tmp_path):
    constants, attributes = recurrent(kind, 1)
    begins = [node("Transpose", "x", "t", perm=[1, 0, 2]), node(kind, "t W R B", "Y Yh", **attributes)]
    ends = {
        "frames": [node("Squeeze", "Y one", "s"), node("Transpose", "s", "h", perm=[1, 0, 2])],
        "last": [node("Squeeze", "Yh zero", "h")],
        "picked": [node("Squeeze", "Y one", "s"), node("Gather", "s last", "h", axis=0)],
        "mean": [node("Squeeze", "Y one", "s"), node("ReduceMean", "s", "h", axes=[0], keepdims=0)],
    }
    for nodes in ends.values():
        x = weights(4, 7, 5)
        check(model([*begins, *nodes, *ENDS], constants, ("n", "t", 5)), x, tmp_path)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_sequences_of_both_directions(kind, tmp_path):
    constants, attributes = recurrent(kind, 2)
    constants |= {"first": np.int64(0), "second": np.int64(1), "two": numbers(2)}
    begins = [node("Transpose", "x", "t", perm=[1, 0, 2]), node(kind, "t W R B", "Y Yh", **attributes)]
    frames = [
        node("Transpose", "Y", "u", perm=[0, 2, 1, 3]), node("Reshape", "u frames", "s"),
        node("Transpose", "s", "h", perm=[1, 0, 2]),
    ]  # fmt: skip
    last = [
        node("Gather", "Yh first", "f", axis=0), node("Gather", "Yh second", "b", axis=0),
        node("Concat", "f b", "h", axis=1),
    ]  # fmt: skip
    keras = [
        node("Slice", "Y zero one one", "Y0"), node("Squeeze", "Y0 one", "f0"), node("Gather", "f0 last", "f", axis=0),
        node("Slice", "Y one two one", "Y1"), node("Squeeze", "Y1 one", "b0"), node("Gather", "b0 first", "b", axis=0),
        node("Concat", "f b", "h", axis=1),
    ]  # fmt: skip
    for nodes in (frames, last, keras):
        check(model([*begins, *nodes, *ENDS], constants, ("n", "t", 5)), weights(4, 7, 5), tmp_path)


def test_of_the_two_biases_of_a_gru_one_stays_apart(tmp_path):
    constants, attributes = recurrent("GRU", 1)
    nodes = [node("GRU", "x W R B", "- Yh", **attributes), node("Squeeze", "Yh zero", "h"), *ENDS]
    made = model(nodes, constants, ("t", "n", 5))
    net = pl.load(saved(made, tmp_path))
    assert np.array_equal(net.layers[0].bias_hn, constants["B"][0, 30:])
    x = weights(7, 4, 5)
    assert np.allclose(net(x.transpose(1, 0, 2)), reference(made, x), atol=1e-5)


@pytest.mark.parametrize("opset", range(9, 22))
def test_every_opset(opset, tmp_path):
    constants = {"w": weights(2, 1, 3, 3), "b": weights(2), "flat": numbers(0, -1), "v": weights(8, 3)}
    nodes = [
        node("Conv", "x w b", "a"), node("Relu", "a", "r"), node("Reshape", "r flat", "f"), node("MatMul", "f v", "m"),
        node("Softmax", "m", "y", axis=1),
    ]  # fmt: skip
    check(model(nodes, constants, (None, 1, 4, 4), opset=opset), weights(3, 1, 4, 4), tmp_path)

"""What no layer can stand for is refused in one sentence that names the node."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as pl
from foreign.graphs import helper, model, node, saved, weights
from foreign.test_layouts import ENDS, numbers, recurrent

W: dict[str, Any] = {"w": weights(4, 3), "v": weights(3, 3), "k": weights(2, 1, 3, 3), "half": np.float32(0.5)}
DENSE = node("MatMul", "x w", "a")

GRAPHS: dict[str, tuple[list[Any], tuple[Any, ...], str]] = {
    "another activation": ([DENSE, node("Elu", "a", "y")], (None, 4), "'the Elu' (Elu) computes what no layer"),
    "two ways": ([DENSE, node("Relu", "a", "r"), node("Add", "a r", "y")], (None, 4), "'the Add' (Add) combines two"),
    "a branch": (
        [DENSE, node("MatMul", "a v", "b"), node("MatMul", "a v", "c"), node("Add", "b c", "y")], (None, 4),
        "'the MatMul' (MatMul) continues from a value that another node has continued from",
    ),
    "left": ([node("MatMul", "w x", "y")], (None, 4), "from the left"),
    "scale of outputs": (
        [DENSE, node("Sigmoid", "a", "s"), node("Mul", "s half", "y")], (None, 4), "its output needs a scale",
    ),
    "activation of inputs": ([node("Relu", "x", "y")], (None, 4), "no layer of weighted sums before it"),
    "groups": ([node("Conv", "x k", "y", group=2)], (None, 1, 5, 5), "groups"),
    "gaps": ([node("Conv", "x k", "y", dilations=[2, 2])], (None, 1, 5, 5), "gaps"),
    "padded pools": (
        [node("MaxPool", "x", "y", kernel_shape=[2, 2], pads=[1, 1, 1, 1])], (None, 1, 5, 5), "zeros around",
    ),
    "ceil": (
        [node("MaxPool", "x", "y", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)], (None, 1, 5, 5), "ceil_mode",
    ),
    "large windows": ([node("AveragePool", "x", "y", kernel_shape=[9, 9])], (None, 1, 5, 5), "larger than"),
    "lines": ([node("Conv", "x k", "y")], (None, 1, 5), "expected pictures"),
    "unknown sides": ([node("Conv", "x k", "y")], (None, 1, None, 5), "sides are not known"),
    "softmax of channels": (
        [node("Conv", "x k", "c"), node("Softmax", "c", "y", axis=1)], (None, 1, 5, 5), "another axis",
    ),
    "nothing computed": ([node("Identity", "half", "y")], (None, 4), "no layer computes"),
    "missing": ([node("MatMul", "nothing w", "y")], (None, 4), "nothing before it computes"),
    "wrong width": ([node("MatMul", "x v", "y")], (None, 4), "expected 4 inputs, has weights for 3"),
}  # fmt: skip


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs(name, tmp_path):
    nodes, shape, message = GRAPHS[name]
    path = saved(model(nodes, W, shape), tmp_path)
    with pytest.raises(pl.FileFormatError) as caught:
        pl.from_onnx(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "ways", "options", "inputs", "message"),
    [
        ("GRU", 1, {"linear_before_reset": 0}, "x W R B", "resets before the product"),
        ("LSTM", 1, {"direction": "reverse"}, "x W R B", "from their end only"),
        ("LSTM", 1, {"activations": ["Sigmoid", "Relu", "Tanh"]}, "x W R B", "other activations"),
        ("RNN", 1, {"activations": ["Elu"]}, "x W R B", "activations that no layer has"),
        ("LSTM", 1, {"clip": 3.0}, "x W R B", "clip"),
        ("LSTM", 1, {}, "x W R B - ones", "a state before the first frame"),
        ("LSTM", 2, {}, "x W W B", "weights of 2 directions and 4 gates"),
        ("LSTM", 1, {}, "x W R x", "not constants"),
    ],
)
def test_recurrent_layers(kind, ways, options, inputs, message, tmp_path):
    constants, attributes = recurrent(kind, ways)
    constants["ones"] = np.ones((ways, 1, 6), np.float32)
    nodes = [node(kind, inputs, "- Yh", **(attributes | options)), node("Squeeze", "Yh zero", "h"), *ENDS]
    with pytest.raises(pl.FileFormatError, match=message):
        pl.from_onnx(saved(model(nodes, constants, ("t", "n", 5)), tmp_path))


def test_the_last_frame_of_both_directions_is_not_what_they_end_with(tmp_path):
    constants, attributes = recurrent("LSTM", 2)
    nodes = [
        node("LSTM", "x W R B", "Y", **attributes), node("Transpose", "Y", "u", perm=[0, 2, 1, 3]),
        node("Reshape", "u frames", "s"), node("Gather", "s last", "h", axis=0), *ENDS,
    ]  # fmt: skip
    with pytest.raises(pl.FileFormatError, match="where one of them has only begun"):
        pl.from_onnx(saved(model(nodes, constants, ("t", "n", 5)), tmp_path))


def test_other_files_are_not_opened(tmp_path):
    made = model([DENSE, node("Identity", "a", "y")], W, (None, 4))
    (tmp_path / "secret").write_bytes(bytes(48))
    held = made.graph.initializer[0]
    held.ClearField("raw_data")
    held.data_location = 1
    for location in ("secret", "../secret", "/etc/passwd"):
        del held.external_data[:]
        held.external_data.add(key="location", value=location)
        with pytest.raises(pl.FileFormatError, match="keeps 'w' in another file, which is not read"):
            pl.from_onnx(saved(made, tmp_path))


def test_graphs_inside_nodes_and_foreign_operators(tmp_path):
    inner = helper.make_graph([node("Identity", "x", "y")], "inner", [], [])
    with_graph = node("If", "half", "y", then_branch=inner, else_branch=inner)
    with pytest.raises(pl.FileFormatError, match="has a graph inside"):
        pl.from_onnx(saved(model([with_graph], W, (None, 4)), tmp_path))
    made = node("MatMul", "x w", "y")
    made.domain = "com.microsoft"
    with pytest.raises(pl.FileFormatError, match=r"'com.microsoft', not of ONNX itself"):
        pl.from_onnx(saved(model([made], W, (None, 4)), tmp_path))
    with pytest.raises(pl.FileFormatError, match="set 7 to"):
        pl.from_onnx(saved(model([DENSE], W, (None, 4), opset=3), tmp_path))


def test_constants_that_grow_are_stopped(tmp_path):
    nodes = [node("Concat", "w w", "c0", axis=0)]
    nodes += [node("Concat", f"c{at} c{at}", f"c{at + 1}", axis=0) for at in range(60)]
    nodes += [node("MatMul", "x c60", "y")]
    with pytest.raises(pl.FileFormatError, match="too large"):
        pl.from_onnx(saved(model(nodes, W, (None, 4)), tmp_path))


@pytest.mark.parametrize(
    ("operator", "inputs"),
    [("Add", "e e"), ("Neg", "e"), ("Reshape", "t flat"), ("Concat", "e e"), ("Cast", "e"), ("Gather", "e many")],
)
def test_constants_that_are_spread_far_are_never_copied(operator, inputs, tmp_path):
    constants = W | {"sides": numbers(1 << 29, 1 << 28), "flat": numbers(-1), "many": numbers(*[0] * 60)}
    options = {"Cast": {"to": 7}, "Concat": {"axis": 0}}.get(operator, {})
    nodes = [
        node("Expand", "half sides", "e"), node("Transpose", "e", "t"), node(operator, inputs, "f", **options),
        node("MatMul", "x f", "y"),
    ]  # fmt: skip
    with pytest.raises(pl.FileFormatError, match="computes constants that are too large"):
        pl.from_onnx(saved(model(nodes, constants, (None, 4)), tmp_path))


@pytest.mark.parametrize("operator", ["MatMul", "Gemm", "Conv", "Add"])
def test_weights_that_are_spread_far_are_never_copied(operator, tmp_path):
    conv = operator == "Conv"
    sides = numbers(1 << 20, 1, 8, 8) if conv else numbers(4, 1 << 28)
    nodes = [node("Expand", "half sides", "e"), node(operator, "x e", "y")]
    made = model(nodes, W | {"sides": sides}, (None, 1, 9, 9) if conv else (None, 4))
    with pytest.raises(pl.FileFormatError, match="constants that are too large"):
        pl.from_onnx(saved(made, tmp_path))


def test_missing_files():
    with pytest.raises(pl.ConfigurationError, match="There is no file"):
        pl.from_onnx("none-such.onnx")


def of_two_inputs(nodes: list[Any], constants: dict[str, Any]) -> Any:
    """A graph from frames "x" (N, T, 5) and their numbers "n"."""
    made = model(nodes, constants, ("n", "t", 5))
    made.graph.input.append(helper.make_tensor_value_info("n", 6, ("n",)))
    return made


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (
            [node("Cast", "n", "f", to=1), node("Sqrt", "f", "g"), node("Mul", "h g", "y")],
            "in a way that no layer does",
        ),
        ([node("Cast", "n", "f", to=1), node("Mul", "h f", "y")], "combines two computed values"),
        ([node("Less", "n five", "m"), node("Where", "m h half", "y")], "in a way that no layer does"),
    ],
)
def test_lengths_are_not_computed_with(nodes, message, tmp_path):
    constants, attributes = recurrent("LSTM", 1)
    constants |= {"half": np.float32(0.5), "five": np.int32(5)}
    begins = [
        node("Transpose", "x", "t", perm=[1, 0, 2]), node("LSTM", "t W R B n", "- Yh", **attributes),
        node("Squeeze", "Yh zero", "h"),
    ]  # fmt: skip
    with pytest.raises(pl.FileFormatError, match=message):
        pl.from_onnx(saved(of_two_inputs([*begins, *nodes], constants), tmp_path))


def test_examples_that_become_frames_of_the_next_layer(tmp_path):
    constants, attributes = recurrent("RNN", 1)
    constants["W2"] = weights(1, 6, 6)
    nodes = [
        node("RNN", "x W R B", "Y", **attributes), node("Squeeze", "Y one", "s"),
        node("Transpose", "s", "t", perm=[1, 0, 2]), node("RNN", "t W2 R B", "y", **attributes),
    ]  # fmt: skip
    with pytest.raises(pl.FileFormatError, match="another axis for the frames"):
        pl.from_onnx(saved(model(nodes, constants, ("t", "n", 5)), tmp_path))


def test_outputs_in_another_order(tmp_path):
    for order in ([0, 2, 3, 1], [1, 0, 2, 3]):
        nodes = [node("Conv", "x k", "c"), node("Transpose", "c", "y", perm=order)]
        with pytest.raises(pl.FileFormatError, match="its output has the last layer's numbers in another order"):
            pl.from_onnx(saved(model(nodes, W, (None, 1, 5, 5)), tmp_path))

"""ONNX files with random changes: they are refused with a typed error, or read one input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import pellucid as pl
from pellucid.exports.onnx_file import onnx_bytes
from pellucid.foreign.package import onnx_package
from tools.fuzz.campaign import ACCEPTED, Campaign, Case, Tally, WrongResultError
from tools.fuzz.campaigns.model_files import an_input, networks
from tools.fuzz.mutations import Rng, any_size, chance, changed_bytes, changed_json, json_text, pick

_OPERATORS = (
    "Gemm", "MatMul", "Conv", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Concat", "Slice", "Gather", "Expand",
    "Softmax", "Relu", "Add", "Mul", "Div", "MaxPool", "LSTM", "GRU", "RNN", "ReduceMean", "Where", "Range", "Dropout",
    "ArgMax", "Shape", "Cast", "BatchNormalization", "Flatten", "ConstantOfShape", "Elu",
)  # fmt: skip


def prepare(folder: Path) -> Case:
    """Return the case."""
    onnx = onnx_package()
    contents = [onnx_bytes(net) for net in networks()]
    path = folder / "net.onnx"

    def case(rng: Rng) -> Tally:
        content = pick(rng, contents)
        if chance(rng, 0.3):
            path.write_bytes(changed_bytes(rng, content))
        else:
            model = onnx.load_model_from_string(content)
            for _ in range(int(rng.geometric(0.6))):
                _change(rng, model)
            path.write_bytes(model.SerializeToString())
        net = pl.load(path)
        x = an_input(net)
        net(x if net.level_range is None else np.full_like(x, net.level_range[0]))
        net.summary()
        path.write_bytes(onnx_bytes(net))
        again = pl.load(path)
        if again.parameters.tobytes() != net.parameters.tobytes() or again.configuration() != net.configuration():
            raise WrongResultError("written and read, it is another network")
        return ACCEPTED

    return case


def _change(rng: Rng, model: Any) -> None:
    """Change one thing in a model; where it has none of that kind, nothing."""
    graph = model.graph
    if not graph.node or not graph.initializer:
        return
    node, constant = pick(rng, list(graph.node)), pick(rng, list(graph.initializer))
    match int(rng.integers(11)):
        case 0 | 1:
            _change_attribute(rng, node)
        case 2 if constant.dims:
            constant.dims[int(rng.integers(len(constant.dims)))] = any_size(rng, 2.0**40)
        case 3:
            constant.data_type = int(rng.integers(24))
        case 4 | 5 if node.input:
            names = [name for each in graph.node for name in (*each.input, *each.output)]
            node.input[int(rng.integers(len(node.input)))] = pick(rng, names)
        case 6:
            node.op_type = pick(rng, _OPERATORS)
        case 7:
            graph.node.remove(node)
        case 8:
            graph.node.insert(int(rng.integers(len(graph.node) + 1)), node)
        case 9 if graph.input:
            sides = graph.input[0].type.tensor_type.shape.dim
            sides[int(rng.integers(len(sides)))].dim_value = any_size(rng, 2.0**40)
        case _:
            for each in model.metadata_props:
                if each.key == "pellucid" and "[[[[" not in each.value:
                    each.value = json_text(changed_json(rng, json.loads(each.value)))
                    return


def _change_attribute(rng: Rng, node: Any) -> None:
    if not node.attribute:
        return
    attribute, value = pick(rng, list(node.attribute)), int(any_size(rng, 2.0**62)) * int(rng.choice((-1, 1)))
    if chance(rng, 0.2):
        attribute.type = int(rng.integers(1, 15))
    elif attribute.ints:
        attribute.ints[int(rng.integers(len(attribute.ints)))] = value if chance(rng, 0.5) else int(rng.integers(-2, 5))
    else:
        attribute.i, attribute.f = value, float(value)


CAMPAIGN = Campaign("ONNX files with random changes", prepare, share=40)

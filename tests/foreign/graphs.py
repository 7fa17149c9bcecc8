"""Small ONNX graphs as other libraries lay them out, made node by node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="needs onnx: pip install '.[onnx]'")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

RNG = np.random.default_rng(0)


def weights(*shape: int) -> np.ndarray:
    """Return drawn float32 weights."""
    return RNG.normal(0, 0.5, shape).astype(np.float32)


def node(operator: str, inputs: str, outputs: str, **attributes: Any) -> Any:
    """Return a node; names are given in one text, "-" for one left out."""
    named = [["" if name == "-" else name for name in names.split()] for names in (inputs, outputs)]
    return helper.make_node(operator, *named, name=f"the {operator}", **attributes)


def model(
    nodes: list[Any],
    constants: dict[str, Any],
    shape: tuple[Any, ...],
    *,
    opset: int = 17,
    kind: int = TensorProto.FLOAT,
    output: str = "y",
    output_kind: int = TensorProto.FLOAT,
    metadata: dict[str, str] | None = None,
) -> Any:
    """Return a graph from "x" of that shape to one output."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info(output, output_kind, None)],
        [numpy_helper.from_array(np.asarray(values), name) for name, values in constants.items()],
    )
    domains = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
    made = helper.make_model(graph, opset_imports=domains, ir_version=8, producer_name="test", producer_version="1")
    helper.set_model_props(made, metadata or {})
    return made


def saved(made: Any, folder: Path) -> Path:
    """Write a model to a file."""
    path = folder / "net.onnx"
    path.write_bytes(made.SerializeToString())
    return path


def reference(made: Any, x: np.ndarray, **more: np.ndarray) -> Any:
    """Return the first output by ONNX's own slow implementation."""
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(made).run(None, {"x": x, **more})[0]

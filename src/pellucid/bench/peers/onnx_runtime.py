"""ONNX Runtime: inference only, with a graph built from the weights of the workload."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.bench.machine import cores
from pellucid.bench.peers.base import InferenceRun, Peer
from pellucid.bench.work import Floats, InferenceWork


class OnnxRuntime(Peer):
    """A session with all graph optimisations and a fixed input shape."""

    name = "ONNX Runtime"
    package = "onnxruntime"
    modules = ("onnxruntime", "onnx")

    def read(self, work: InferenceWork) -> InferenceRun:
        """Run all images at once, or one row per run; bound inputs and outputs save a tenth of a single run."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads or cores()
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        batch = 1 if work.one_at_a_time else work.count
        session = onnxruntime.InferenceSession(_graph(work, batch), options, providers=["CPUExecutionProvider"])
        value = onnxruntime.OrtValue.ortvalue_from_numpy
        inputs = [value(work.images[start : start + batch]) for start in range(0, work.count, batch)]
        output = value(np.empty((batch, work.layers[-1]), np.float32))
        binding = session.io_binding()
        binding.bind_ortvalue_output("p", output)

        def run() -> Floats | list[Floats]:
            read = []
            for images in inputs:
                binding.bind_ortvalue_input("a0", images)
                session.run_with_iobinding(binding)
                read.append(output.numpy().copy())
            return [answer[0] for answer in read] if work.one_at_a_time else read[0]

        return run


def _graph(work: InferenceWork, batch: int) -> bytes:
    from onnx import TensorProto, checker, helper, numpy_helper

    nodes: list[Any] = []
    values: list[Any] = []
    last = len(work.parameters)
    for layer, (weight, bias) in enumerate(work.parameters, start=1):
        values += [numpy_helper.from_array(weight, f"w{layer}"), numpy_helper.from_array(bias, f"b{layer}")]
        nodes.append(helper.make_node("Gemm", [f"a{layer - 1}", f"w{layer}", f"b{layer}"], [f"z{layer}"], transB=1))
        if layer < last:
            operator = "Relu" if work.activation == "relu" else "Sigmoid"
            nodes.append(helper.make_node(operator, [f"z{layer}"], [f"a{layer}"]))
    nodes.append(helper.make_node("Softmax", [f"z{last}"], ["p"], axis=1))
    inputs = [helper.make_tensor_value_info("a0", TensorProto.FLOAT, [batch, work.layers[0]])]
    outputs = [helper.make_tensor_value_info("p", TensorProto.FLOAT, [batch, work.layers[-1]])]
    graph = helper.make_graph(nodes, "dense", inputs, outputs, values)
    # Every runtime since 1.10 reads opset 13 and IR 8.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


PEERS = (OnnxRuntime("1 thread", threads=1), OnnxRuntime("all threads"))

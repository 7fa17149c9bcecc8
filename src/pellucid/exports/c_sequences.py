"""A network of sequences as one file of C99: up to a fixed number of frames, in static memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.exports.c_text import array, comment, size_in_words, snippet, string
from pellucid.exports.chain import Link, chain, inputs_in_words
from pellucid.layers.dense import Dense
from pellucid.layers.gru import GRU
from pellucid.layers.lstm import LSTM
from pellucid.layers.recurrent import Recurrent
from pellucid.layers.rnn import RNN
from pellucid.network.network import Network

FRAMES = 500
"""The largest number of frames, unless the compiler is told another."""

_ORDER = (
    "dense", "add_product", "identity", "relu", "sigmoid", "tanh", "softmax", "lstm", "gru", "rnn", "last", "mean",
)  # fmt: skip
"""The functions, those that others use first."""

_IN_C = {"tanh": "hyperbolic_tangent"}
_NEEDS = {"lstm": ("add_product", "dense", "sigmoid", "tanh"), "gru": ("add_product", "dense", "sigmoid")}
_MATH = {"sigmoid", "tanh", "softmax", "lstm", "gru"}


@dataclass
class _Parts:
    """What the file is put together from; ``widths`` are the numbers of a frame that each of two arrays holds."""

    snippets: set[str] = field(default_factory=set)
    constants: list[str] = field(default_factory=list)
    constant_bytes: int = 0
    calls: list[str] = field(default_factory=list)
    widths: dict[str, int] = field(default_factory=lambda: {"even": 0, "odd": 0})
    units: int = 0
    rows: str = "count"
    """The number of rows at this point: one for each frame, or one for the sequence."""

    def other(self, x: str, width: int, is_last: bool) -> str:
        """The array that takes what a layer makes of ``x``."""
        if is_last:
            return "output"
        y = "odd" if x == "even" else "even"
        self.widths[y] = max(self.widths[y], width)
        return y

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Write a constant; return its name."""
        self.constants.append(array("float", name, np.ascontiguousarray(values)))
        self.constant_bytes += values.nbytes
        return name


def sequence_source(net: Network, name: str) -> str:
    """The file's text; ``name`` is the prefix of its public names."""
    links, parts, x = chain(net), _Parts(), "input"
    for link in links:
        x = _add(parts, link, x, is_last=link is links[-1])
    most = f"{name.upper()}_FRAMES"
    states = [("hidden", parts.units), ("cell", parts.units), ("gates", 6 * parts.units)]
    if not any(isinstance(link.layer, LSTM) for link in links):
        states.pop(1)
    memory = 4 * (sum(parts.widths.values()) * FRAMES + sum(size for _, size in states))
    functions = [snippet(each) for each in _ORDER if each in parts.snippets]
    math_header = "#include <math.h>\n" if _MATH & parts.snippets else ""
    blocks = [
        _header(net, name, parts.constant_bytes, memory),
        f"{math_header}#include <stddef.h>",
        f"#ifndef {most}\n#define {most} {FRAMES}\n#endif",
        _interface(net, name),
        *(f"static float {each}[{most} * {width}];" for each, width in parts.widths.items() if width),
        *(f"static float {each}[{size}];" for each, size in states if size),
        "\n".join(functions),
        *parts.constants,
        _read(net, name, most, parts.calls),
    ]
    return "\n\n".join(block.rstrip("\n") for block in blocks) + "\n"


def _add(parts: _Parts, link: Link, x: str, *, is_last: bool) -> str:
    """Add a layer that reads the array ``x``; return the array that it writes."""
    layer = link.layer
    if isinstance(layer, Recurrent):
        return _add_recurrent(parts, link, layer, x, is_last=is_last)
    assert isinstance(layer, Dense)
    inputs, outputs = layer.in_features, layer.out_features
    y = parts.other(x, outputs, is_last)
    parts.snippets |= {"dense", link.activation} - {"identity"}
    weight, bias = (parts.constant(f"{each}_{link.number}", view) for each, view in layer.named().items())
    calls = [f"dense({weight}, {bias}, {x} + (size_t)t * {inputs}, {y} + (size_t)t * {outputs}, {inputs}, {outputs});"]
    if link.activation != "identity":
        calls.append(f"{_IN_C.get(link.activation, link.activation)}({y} + (size_t)t * {outputs}, {outputs});")
    parts.calls += [f"for (t = 0; t < {parts.rows}; t++) {{", *(f"    {call}" for call in calls), "}"]
    return y


def _add_recurrent(parts: _Parts, link: Link, layer: Recurrent, x: str, *, is_last: bool) -> str:
    inputs, units, width = int(layer.weight_ih.shape[1]), layer.hidden_size, layer.out_features
    reduced = layer.outputs != "frames"
    y = parts.other(x, width, is_last and not reduced)
    parts.units = max(parts.units, units)
    parts.snippets |= {layer.kind, *_NEEDS.get(layer.kind, ("add_product", "dense", link.activation))}
    named = layer.named()
    for way in range(layer.directions):
        suffix = "_reverse" if way else ""
        names = [f"{each}{suffix}" for each in ("weight_ih", "weight_hh", "bias")]
        names += [f"bias_hn{suffix}"] if isinstance(layer, GRU) else []
        given = [parts.constant(f"{each}_{link.number}", named[each]) for each in names]
        given += [_IN_C.get(link.activation, link.activation)] if isinstance(layer, RNN) else []
        to = f"{y} + {units}" if way else y
        sizes = f"count, {inputs}, {units}, {width}, {-1 if way else 1}"
        parts.calls.append(f"{layer.kind}({', '.join(given)}, {x}, {to}, {sizes});")
    if not reduced:
        return y
    parts.snippets.add(layer.outputs)
    parts.rows = "1"
    made = parts.other(y, width, is_last)
    parts.calls.append(f"{layer.outputs}({y}, {made}, count, {units}, {width});")
    return made


def _header(net: Network, name: str, constants: int, memory: int) -> str:
    outputs, every = net.output_shape[-1], " for each frame" if net.output_shape[0] is None else ""
    returns = "0" if every else "the number of the largest output"
    return comment(
        [
            f"{name}: a network of {net.parameter_count:,} parameters in C99, written by Pellucid.",
            "",
            f"  int {name}_read(const float *input, int count, float *output);",
            "",
            f"input    count frames, {inputs_in_words(net)}; finite",
            f"count    the number of frames, from 1 to {name.upper()}_FRAMES",
            f"output   {outputs:,} numbers{every}, one for each of {name}_classes",
            f"returns  {returns}; -1 for another count, and then output is as it was",
            "",
            f"float32: {size_in_words(constants)} of constants, {size_in_words(memory)} of static memory for",
            f"{FRAMES} frames, and none from the heap; for fewer frames compile with -D{name.upper()}_FRAMES=100.",
            "Values between layers are static, so that only one call may run at a time.",
            f"Compile with: cc -std=c99 -O3 -c {name}.c, and link with -lm.",
            "",
            *(f"  {line}" for line in net.summary().splitlines()),
        ]
    )


def _interface(net: Network, name: str) -> str:
    count, names = len(net.classes), ", ".join(map(string, net.classes))
    return (
        f"extern const char *const {name}_classes[{count}];\n"
        f"int {name}_read(const float *input, int count, float *output);\n"
        f"const char *const {name}_classes[{count}] = {{{names}}};"
    )


def _read(net: Network, name: str, most: str, calls: list[str]) -> str:
    reduced = net.output_shape[0] is not None
    loops = any(call.startswith("for") for call in calls)
    variables = [*(["best = 0"] if reduced else []), *(["t"] if loops or reduced else [])]
    lines = [
        *([f"int {', '.join(variables)};"] if variables else []),
        f"if (count < 1 || count > {most})",
        "    return -1;",
        *calls,
    ]
    if reduced:
        lines += [
            f"for (t = 1; t < {net.output_shape[-1]}; t++)",
            "    if (output[t] > output[best])",
            "        best = t;",
        ]
    lines.append(f"return {'best' if reduced else '0'};")
    body = "\n".join(f"    {line}" for line in lines)
    return f"int {name}_read(const float *input, int count, float *output)\n{{\n{body}\n}}"

"""A network as one file of C99 without dependencies: constants, static memory, and one function."""

from __future__ import annotations

import math
from pathlib import Path

from pellucid.errors import ConfigurationError
from pellucid.exports.c_layers import Parts
from pellucid.exports.c_sequences import sequence_source
from pellucid.exports.c_text import comment, number, size_in_words, snippet, string
from pellucid.exports.chain import Link, chain, identifier, inputs_in_words
from pellucid.network.network import Network

_ORDER = (
    "window", "first_inside", "quantize", "dense", "dense_int8", "conv2d", "conv2d_int8", "max_pool2d", "avg_pool2d",
    "relu", "sigmoid", "tanh", "softmax",
)  # fmt: skip
"""The functions, those that others use first."""


def c_source(net: Network, path: Path, *, int8: bool = False) -> str:
    """The file's text.

    Parameters
    ----------
    net : Network
    path : Path
        Its name becomes the prefix of all public names.
    int8 : bool
        Whether weights are whole numbers of 8 bits, one scale for each output, and sums of products whole numbers of
        32 bits.

    Raises
    ------
    ConfigurationError
        For a network of sequences and ``int8``.
    """
    name, links, parts = identifier(path), chain(net), Parts(int8)
    if net.input_shape[0] is None:
        if int8:
            raise ConfigurationError("int8 is for networks of images: leave it out for one of sequences.")
        return sequence_source(net, name)
    memory = _add_calls(links, parts, takes_levels=net.level_range is not None)
    functions = "\n".join(snippet(each) for each in _ORDER if each in parts.snippets)
    math_header = "#include <math.h>\n" if {"quantize", "sigmoid", "tanh", "softmax"} & set(parts.snippets) else ""
    blocks = [
        _header(net, name, parts, 4 * (sum(memory) + parts.sums) + 2 * parts.whole_numbers),
        f"{math_header}#include <stddef.h>\n#include <stdint.h>",
        _interface(net, name),
        *(f"static float {each}[{size}];" for each, size in zip(("even", "odd"), memory, strict=True) if size),
        *([f"static int16_t whole_numbers[{parts.whole_numbers}];"] if parts.whole_numbers else []),
        *([f"static int32_t sums[{parts.sums}];"] if parts.sums else []),
        functions,
        *parts.constants,
        _read(net, name, parts.calls),
    ]
    return "\n\n".join(block.rstrip("\n") for block in blocks if block) + "\n"


def _add_calls(links: list[Link], parts: Parts, *, takes_levels: bool) -> list[int]:
    """Add all layers, each from one of two arrays to the other; return the numbers that both have to hold."""
    sizes, x = [0, 0], "input"
    if takes_levels or not links:
        x = "even"
        sizes[0] = math.prod(links[0].takes) if links else 0
    for link in links:
        at = 1 if x == "even" else 0
        y = "output" if link is links[-1] else ("even", "odd")[at]
        if y != "output":
            sizes[at] = max(sizes[at], math.prod(link.gives))
        parts.add(link, x, y)
        x = y
    return sizes


def _header(net: Network, name: str, parts: Parts, memory: int) -> str:
    outputs, flat = math.prod(net.output_shape), len(net.output_shape) == 1
    kind = "int8 weights and float32 between layers" if parts.int8 else "float32"
    return comment(
        [
            f"{name}: a network of {net.parameter_count:,} parameters in C99, written by Pellucid.",
            "",
            f"  int {name}_read(const float *input, float *output);",
            "",
            f"input    {inputs_in_words(net)}; finite",
            f"output   {outputs:,} numbers" + (f", one for each of {name}_classes" if flat else ""),
            "returns  the number of the largest output",
            "",
            f"{kind}: {size_in_words(parts.constant_bytes)} of constants, {size_in_words(memory)} of static memory",
            "and none from the heap. Values between layers are static, so that only one call may run at a time.",
            f"Compile with: cc -std=c99 -O3 -c {name}.c, and link with -lm.",
            "",
            *(f"  {line}" for line in net.summary().splitlines()),
        ]
    )


def _interface(net: Network, name: str) -> str:
    names = ", ".join(map(string, net.classes)) if len(net.output_shape) == 1 else ""
    classes = f"extern const char *const {name}_classes[{len(net.classes)}];\n" if names else ""
    defined = f"\nconst char *const {name}_classes[{len(net.classes)}] = {{{names}}};" if names else ""
    return f"{classes}int {name}_read(const float *input, float *output);{defined}"


def _read(net: Network, name: str, calls: list[str]) -> str:
    outputs = math.prod(net.output_shape)
    levels = []
    if net.level_range is not None or not calls:
        low, high = net.level_range or (0.0, 1.0)
        to = "even" if calls else "output"
        levels = [
            f"for (i = 0; i < {math.prod(net.input_shape)}; i++)",
            f"    {to}[i] = (input[i] - {number(low)}) / {number(high - low)};",
        ]
    lines = [
        "int best = 0, i;",
        *levels,
        *calls,
        f"for (i = 1; i < {outputs}; i++)",
        "    if (output[i] > output[best])",
        "        best = i;",
        "return best;",
    ]
    body = "\n".join(f"    {line}" for line in lines)
    return f"int {name}_read(const float *input, float *output)\n{{\n{body}\n}}"

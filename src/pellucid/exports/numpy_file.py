"""A network as one page of NumPy beside its parameters."""

from __future__ import annotations

import io
import textwrap
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.exports.chain import Link, chain, inputs_in_words
from pellucid.exports.numpy_code import ACTIVATIONS, FUNCTIONS
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.pool2d import AvgPool2d, MaxPool2d
from pellucid.layers.recurrent import Recurrent
from pellucid.layers.rnn import RNN
from pellucid.network.network import Network

_WIDTH = 118
_MOST_LINES = 60
_LINES_AROUND = 20


def numpy_files(net: Network, path: Path) -> dict[Path, bytes]:
    """A module with a function ``read``, and the archive of parameters beside it, by their paths.

    The module imports NumPy alone. It computes in float32, as the network does.
    """
    data = path.with_suffix(".npz")
    return {data: _archive(net), path: _module(net, path, data.name).encode()}


def _archive(net: Network) -> bytes:
    """The parameters as ``layer.name``, and the names of the classes."""
    views = {f"{n}.{name}": view for n, layer in enumerate(net.layers) for name, view in layer.named().items()}
    arrays: dict[str, Any] = {name: np.ascontiguousarray(view) for name, view in views.items()}
    file = io.BytesIO()
    np.savez(file, classes=np.array(net.classes), **arrays)
    return file.getvalue()


def _module(net: Network, path: Path, data: str) -> str:
    links = chain(net)
    frames = net.input_shape[0] is None
    windows = any(isinstance(link.layer, Conv2d | MaxPool2d | AvgPool2d) for link in links)
    view = "from numpy.lib.stride_tricks import sliding_window_view\n" if windows else ""
    body, parts = _body(net, links, frames), _functions(links, frames)
    lines = sum(part.count("\n") + 2 for part in parts) + body.count("\n") + _LINES_AROUND
    functions = ("\n" if lines > _MOST_LINES else "\n\n").join(parts)
    return f'''"""A network of {net.parameter_count:,} parameters in NumPy, written by Pellucid.

    {_import(path)}
    {_usage(net)}
"""

from pathlib import Path

import numpy as np
{view}
with np.load(Path(__file__).with_name({data!a})) as file:
    P = dict(file)
CLASSES = P["classes"].tolist()


{functions}

def read(x):
{body}
'''


def _import(path: Path) -> str:
    """How another program gets at the function, whatever the file's name."""
    if path.suffix == ".py" and path.stem.isidentifier():
        return f"from {path.stem} import CLASSES, read"
    name = "path" if '"' in path.name or "\\" in path.name else ascii(path.name)
    return f'read = runpy.run_path({name})["read"]'


def _usage(net: Network) -> str:
    gives = ", ".join(str(side) for side in net.output_shape if side is not None)
    if net.input_shape[0] is None:
        outputs = f"(T, {gives})" if net.output_shape[0] is None else f"({gives},)"
        return f"read(x)  # frames (T, {net.input_shape[1]}) -> {outputs}"
    takes = ", ".join(map(str, net.input_shape))
    return f"read(x)  # (N, {takes}) -> (N, {gives})\n\nInputs: {inputs_in_words(net)}."


def _functions(links: list[Link], frames: bool) -> list[str]:
    """The texts of the functions that these layers need, each once."""
    needed: dict[str, None] = {}
    for link in links:
        if hasattr(link.layer, "activation") and link.activation in ACTIVATIONS:
            needed[ACTIVATIONS[link.activation]] = None
        kind = link.layer.kind
        needed.update(dict.fromkeys(FUNCTIONS["dense of frames" if frames and kind == "dense" else kind]))
    return list(needed)


def _body(net: Network, links: list[Link], frames: bool) -> str:
    calls = [_call(link) for link in links]
    steps = [*_levels(net, frames), *calls]
    if len(calls) <= 8:
        lines = [*(f"x = {step}" for step in steps), f"return {_result(net, frames)}"]
    else:
        wrapped = textwrap.wrap(", ".join(f"lambda x: {call}" for call in calls), _WIDTH - 8, break_long_words=False)
        lines = [f"x = {step}" for step in steps[: -len(calls)]]
        lines += ["for layer in [", *(f"    {each}" for each in wrapped), "]:"]
        lines += ["    x = layer(x)", f"return {_result(net, frames)}"]
    return "\n".join(f"    {line}" for line in lines)


def _levels(net: Network, frames: bool) -> list[str]:
    """From what the caller has to float32 inputs."""
    if frames:
        return ["np.asarray(x, np.float32)"]
    if net.level_range is None:
        return [
            f"np.asarray(x).reshape(-1, {', '.join(map(str, net.input_shape))})",
            'x.astype(np.float32) / np.float32(255 if x.dtype.kind in "ui" else 1)',
        ]
    low, high = net.level_range
    shape = ", ".join(map(str, net.input_shape))
    return [
        f"np.asarray(x, np.float32).reshape(-1, {shape})",
        f"(x - np.float32({low!r})) / np.float32({high - low!r})",
    ]


def _result(net: Network, frames: bool) -> str:
    return "x" if frames else f"x.reshape(-1, {', '.join(map(str, net.output_shape))})"


def _call(link: Link) -> str:
    n, layer = link.number, link.layer
    if isinstance(layer, Conv2d):
        _, stride, padding = layer.geometry
        return f"conv2d(x, {n}, {_function(link)}, {stride}, {padding})"
    if isinstance(layer, MaxPool2d | AvgPool2d):
        window, stride = layer.geometry
        return f"pool2d(x, np.{'max' if isinstance(layer, MaxPool2d) else 'mean'}, {window}, {stride})"
    if isinstance(layer, Recurrent):
        cell = f"rnn({_function(link)})" if isinstance(layer, RNN) else layer.kind
        return f'recurrent({cell}, x, {n}, "{layer.outputs}", {layer.bidirectional})'
    return f"dense(x, {n}, {_function(link)})"


def _function(link: Link) -> str:
    """What the file calls a layer's activation."""
    return link.activation if link.activation in ACTIVATIONS else f"np.{link.activation}"

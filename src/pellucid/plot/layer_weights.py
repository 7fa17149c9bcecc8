"""The weights of a layer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pellucid.data.columns import Columns
from pellucid.errors import ShapeError
from pellucid.inspect.checks import checked_index
from pellucid.layers.dense import Dense
from pellucid.plot.axes import SIGNED, axes_for
from pellucid.reports.heat import montage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pellucid.network.network import Network

_MOST_NAMED = 40


def weights(net: Network, layer: int = 0, *, ax: Axes | None = None) -> Axes:
    """Plot the weights of a layer; purple is below zero, orange above.

    Pictures if the inputs form some: one for each neuron of the first layer, or for each filter and channel of a
    convolution. Otherwise the matrix, with a row for each neuron and a column for each input.

    Parameters
    ----------
    net : Network
    layer : int
        The layer, from 0.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ShapeError
        If there is no such layer, or it has no weights.
    ConfigurationError
        Without matplotlib.
    """
    found = net.layers[checked_index(layer, len(net.layers), "layer")]
    named = found.named()
    matrix = next((view for name, view in named.items() if name.startswith("weight")), None)
    if matrix is None:
        raise ShapeError(f"weights expected a layer with weights, got layers[{layer}], which is {found.kind}.")
    pictures = _pictures(np.array(matrix), net.input_shape if layer == 0 and isinstance(found, Dense) else ())
    largest = float(np.abs(matrix).max()) or 1.0
    if pictures is not None:
        across = max(1, round(math.sqrt(len(pictures) * 1.5 * pictures.shape[1] / pictures.shape[2])))
        sheet = montage(pictures, min(across, len(pictures)), gap=np.nan)
        axes = axes_for(ax, 6, max(1.5, 6 * sheet.shape[0] / sheet.shape[1]))
        drawn = axes.imshow(sheet, cmap=SIGNED, vmin=-largest, vmax=largest)
        axes.set_axis_off()
    else:
        rows = matrix.reshape(len(matrix), -1)
        axes = axes_for(ax, 6, 4)
        drawn = axes.imshow(rows, cmap=SIGNED, vmin=-largest, vmax=largest, aspect="auto", interpolation="nearest")
        axes.set_ylabel("neuron")
        axes.set_xlabel("input")
        _name_inputs(axes, net, layer, rows.shape[1])
    axes.set_title(f"layer {layer}, {found.kind}: weights {'x'.join(map(str, matrix.shape))}")
    axes.figure.colorbar(drawn, ax=axes, shrink=0.8)
    return axes


def _pictures(weight: NDArray[np.float32], input_shape: tuple[int | None, ...]) -> NDArray[np.float32] | None:
    """Return weights as pictures (neurons or filters and channels, H, W); None if they do not form any."""
    if weight.ndim == 4:
        return weight.reshape(-1, *weight.shape[2:])
    sides = [side for side in input_shape if side is not None]
    if len(sides) == 3 and len(input_shape) == 3:
        return weight.reshape(-1, sides[1], sides[2])
    return weight.reshape(-1, *sides) if len(sides) == 2 and len(input_shape) == 2 else None


def _name_inputs(axes: Axes, net: Network, layer: int, count: int) -> None:
    """Write the features' names under the columns of the first layer, where the network knows them."""
    columns = Columns.of_record(net.record)
    if layer == 0 and columns is not None and len(columns.features) == count <= _MOST_NAMED:
        axes.set_xticks(range(count), columns.features, rotation=45, ha="right")
        axes.set_xlabel("feature")

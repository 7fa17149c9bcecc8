"""The confusion matrix of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.inspect.confusion import mistakes
from pellucid.plot.axes import axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pellucid.data import Dataset
    from pellucid.network.network import Network

_MOST_WRITTEN = 20


def confusion(net: Network, data: Dataset, *, ax: Axes | None = None) -> Axes:
    """Plot how often the examples of each class are read as each class.

    Colours are shares of a row's class; the numbers are counts, written for up to 20 classes.

    Parameters
    ----------
    net : Network
    data : Dataset
        Its labels must be less than the number of outputs.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ShapeError
        If a label is not less than the number of outputs, or the data have another shape.
    ConfigurationError
        Without matplotlib.
    """
    found = mistakes(net, data)
    counts = found.confusion
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    side = max(4.0, min(10.0, 0.5 * len(counts) + 1.5))
    axes = axes_for(ax, side, side)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if len(counts) <= _MOST_WRITTEN:
        for (row, column), count in np.ndenumerate(counts):
            if count:
                colour = "white" if shares[row, column] > 0.5 else "black"
                axes.text(column, row, f"{count}", ha="center", va="center", color=colour, fontsize="small")
        places = range(len(counts))
        slanted = max(map(len, net.classes)) > 3
        axes.set_xticks(places, net.classes, rotation=45 if slanted else 0, ha="right" if slanted else "center")
        axes.set_yticks(places, net.classes)
    axes.set_xlabel("read as")
    axes.set_ylabel("class")
    axes.set_title(f"{found.accuracy:.1%} of {counts.sum():,} correct")
    return axes

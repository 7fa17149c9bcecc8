"""The regions of a plane of two features that a network gives to each class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pellucid.data.columns import Columns
from pellucid.data.dataset import Dataset
from pellucid.data.tabular import Table
from pellucid.errors import ConfigurationError, ShapeError
from pellucid.plot.axes import axes_for
from pellucid.programs.images import from_unit, to_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pellucid.network.network import Network

_SIDE = 200
_MARGIN = 0.08
_MARKERS = "os^vDP*Xph"


def decision_regions(net: Network, data: Dataset, *, ax: Axes | None = None) -> Axes:
    """Plot which class the network reads at each point of the plane of its two inputs, and the examples.

    The colour is the class; the surer the network, the stronger the colour. Axes have the original units of a
    standardised table.

    Parameters
    ----------
    net : Network
        With two inputs.
    data : Dataset
        Examples of two features, such as a `pellucid.data.Table`.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ShapeError
        If the network or the data have more or less than two inputs.
    ConfigurationError
        Without matplotlib.
    """
    if not isinstance(data, Dataset):
        raise ConfigurationError(f"decision_regions expected a Dataset, got {type(data).__name__}.")
    for owner, shape in (("a network", net.input_shape), ("data", data.shape)):
        if shape != (2,):
            raise ShapeError(f"decision_regions expected {owner} of two features, got {shape}: choose two columns.")
    columns = data.columns if isinstance(data, Table) else Columns(("input 0", "input 1"))
    numbers = to_unit(data.images, data.level_range)
    shown = _original(numbers, columns)
    low, high = shown.min(axis=0), shown.max(axis=0)
    margin = _MARGIN * np.where(high > low, high - low, 1)
    sides = [np.linspace(*ends, _SIDE) for ends in zip(low - margin, high + margin, strict=True)]
    grid = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)
    outputs = net(from_unit(columns.prepare(grid), net.level_range))
    axes = axes_for(ax)
    best = outputs.argmax(axis=1)
    colours = _colours(outputs.shape[1])
    tints = np.concatenate([colours[best], _strength(outputs)[:, None]], axis=1).reshape(_SIDE, _SIDE, 4)
    extent = (sides[0][0], sides[0][-1], sides[1][0], sides[1][-1])
    axes.imshow(tints, origin="lower", extent=extent, aspect="auto", interpolation="bilinear")
    for number, name in enumerate(data.classes):
        points = shown[data.labels == number]
        axes.scatter(
            points[:, 0], points[:, 1], s=22, color=colours[number % len(colours)], edgecolors="black", linewidths=0.5,
            marker=_MARKERS[number % len(_MARKERS)], label=name,
        )  # fmt: skip
    axes.set_xlabel(columns.features[0])
    axes.set_ylabel(columns.features[1])
    axes.legend()
    return axes


def _original(numbers: NDArray[np.float32], columns: Columns) -> NDArray[np.float64]:
    """Return standardised features (N, 2) in their original units."""
    original = numbers.astype(np.float64)
    return original if columns.mean is None or columns.scale is None else original * columns.scale + columns.mean


def _colours(count: int) -> NDArray[np.float64]:
    """Return a colour for each class, (count, 3)."""
    from matplotlib import colormaps

    colours = np.asarray(colormaps["tab10"](np.arange(count) % 10), np.float64)
    return colours[:, :3]


def _strength(outputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how strong to colour each point (N,): by how far the largest output is above the second."""
    if outputs.shape[1] == 1:
        return np.full(len(outputs), 0.3)
    second, first = np.sort(outputs, axis=1)[:, -2:].T.astype(np.float64)
    lead = first - second
    strength: NDArray[np.float64] = 0.08 + 0.4 * lead / max(1.0, float(lead.max()))
    return strength

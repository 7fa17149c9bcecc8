"""The Axes to draw on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.errors import ConfigurationError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIGNED = "PuOr_r"
"""The colour map of values around zero: purple below, orange above."""


def axes_for(ax: Axes | None, width: float = 5.0, height: float = 4.0) -> Axes:
    """Return ``ax``, or the Axes of a new figure of this size in inches.

    Raises
    ------
    ConfigurationError
        If matplotlib is not installed, or ``ax`` is something else.
    """
    try:
        from matplotlib.axes import Axes
    except ImportError as error:
        raise ConfigurationError(f"pl.plot needs matplotlib ({error}): pip install 'pellucid[plot]'.") from error
    if ax is None:
        from matplotlib import pyplot

        new: Axes = pyplot.subplots(figsize=(width, height), layout="constrained")[1]
        return new
    if not isinstance(ax, Axes):
        raise ConfigurationError(f"ax expected the Axes of a matplotlib figure, got {type(ax).__name__}.")
    return ax

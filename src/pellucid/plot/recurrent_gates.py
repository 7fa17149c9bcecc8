"""The gates and hidden values of a recurrent layer over time."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import ShapeError
from pellucid.inspect.checks import checked_index
from pellucid.plot.axes import SIGNED, axes_for
from pellucid.programs.sequences_trace import GRUTrace, LSTMTrace, RecurrentTrace, RNNTrace
from pellucid.programs.traces import Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAMES: dict[type[RecurrentTrace], dict[str, str]] = {
    LSTMTrace: {
        "i": "input gate i", "f": "forget gate f", "g": "candidate g", "o": "output gate o", "c": "cell c",
        "h": "hidden h",
    },
    GRUTrace: {"r": "reset gate r", "z": "update gate z", "n": "candidate n", "h": "hidden h"},
    RNNTrace: {"h": "hidden h"},
}  # fmt: skip
_STYLES = ("-", "--", ":", "-.")


def gates(
    trace: Trace[Any] | RecurrentTrace, *, layer: int | None = None, unit: int | None = None, ax: Axes | None = None
) -> Axes:
    """Plot the gates, cells and hidden values of a recurrent layer for one sequence, over its frames.

    Parameters
    ----------
    trace : Trace, LSTMTrace, GRUTrace or RNNTrace
        What `Network.trace` returns for one sequence, or one layer of it.
    layer : int, optional
        The layer, from 0; by default the first recurrent one.
    unit : int, optional
        Plot the curves of this unit, from 0; by default all units as rows of colours. The units of the backward
        direction follow those of the forward direction.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ShapeError
        If there is no recurrent layer, or no such layer or unit.
    ConfigurationError
        Without matplotlib.
    """
    traced = _recurrent(trace, layer)
    kind, names = type(traced.layer).__name__, _NAMES[type(traced)]
    values = {name: np.asarray(getattr(traced, name)) for name in names}
    frames, units = traced.h.shape
    if unit is not None:
        column = checked_index(unit, units, "unit")
        axes = axes_for(ax, 7, 3.5)
        for (name, words), style in zip(names.items(), itertools.cycle(_STYLES)):
            axes.plot(values[name][:, column], style, label=words, linewidth=2 if name in "ch" else 1.2)
        axes.set_title(f"{kind}, unit {column}")
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
        axes.set_xlabel("frame")
        axes.grid(alpha=0.3)
        return axes
    axes = axes_for(ax, 7, 6)
    gap = max(1, units // 10)
    blank = np.full((gap, frames), np.nan)
    blocks = [block for name in names for block in (np.clip(values[name].T, -1, 1), blank)]
    drawn = axes.imshow(
        np.concatenate(blocks[:-1]), cmap=SIGNED, vmin=-1, vmax=1, aspect="auto", interpolation="nearest"
    )
    axes.set_yticks([at * (units + gap) + (units - 1) / 2 for at in range(len(names))], list(names.values()))
    axes.set_xlabel("frame")
    axes.set_title(f"{kind}, {units} units")
    axes.figure.colorbar(drawn, ax=axes, shrink=0.8, extend="both")
    return axes


def _recurrent(trace: Trace[Any] | RecurrentTrace, layer: int | None) -> RecurrentTrace:
    if isinstance(trace, RecurrentTrace):
        return trace
    if not isinstance(trace, Trace):
        raise ShapeError(f"gates expected a trace of net.trace(sequence), got {type(trace).__name__}.")
    if layer is None:
        found = next((each for each in trace.layers if isinstance(each, RecurrentTrace)), None)
    else:
        found = trace[checked_index(layer, len(trace), "layer")]
    if not isinstance(found, RecurrentTrace):
        kinds = ", ".join(type(each.layer).__name__ for each in trace.layers)
        given = kinds if layer is None else f"layer {layer} of {kinds}"
        raise ShapeError(f"gates expected a recurrent layer, such as LSTM, got {given}.")
    return found

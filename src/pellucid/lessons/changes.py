"""What is not as trained in a session's network, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pellucid.lessons.view import View


def changes(
    view: View, allowed: Sequence[int] | NDArray[np.intp] = (), *, neurons: bool = False, grey: bool = False
) -> str:
    """Tell what differs from the trained network; empty for nothing.

    Parameters
    ----------
    view : View
    allowed : sequence of int
        The parameters that may be turned.
    neurons : bool
        Whether neurons may be switched off.
    grey : bool
        Whether pixels may be rounded to few grey levels.

    Examples
    --------
    >>> from pellucid.lessons.changes import listed
    >>> listed(["3 knobs are turned", "pixels are rounded to 10 grey levels"])
    '3 knobs are turned and pixels are rounded to 10 grey levels'
    """
    found = []
    turned = len(np.setdiff1d(view.turned, np.asarray(allowed, np.intp)))
    if turned:
        found.append("1 knob is turned" if turned == 1 else f"{turned:,} knobs are turned")
    if view.factors and not neurons:
        count = len(view.factors)
        found.append(
            "1 neuron is switched off or scaled" if count == 1 else f"{count} neurons are switched off or scaled"
        )
    if view.grey_levels is not None and not grey:
        found.append(f"pixels are rounded to {view.grey_levels} grey levels")
    return listed(found)


def listed(parts: Sequence[str]) -> str:
    """Join clauses to a list in a sentence."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)

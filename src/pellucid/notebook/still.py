"""Still pictures: for notebooks that are opened without a kernel, and of networks that cannot be live."""

from __future__ import annotations

import contextlib

import numpy as np
from numpy.typing import ArrayLike

from pellucid.errors import ShapeError
from pellucid.network.network import Network
from pellucid.reports.live import StillPicture, note


def network_html(net: Network, x: ArrayLike | None) -> str:
    """Return the layers of a network, and what it computes for an input."""
    parts = [net.still_html()]
    if x is not None:
        parts.append(net.trace(x)._repr_html_())
        with contextlib.suppress(ShapeError):  # of a sequence with an output for every frame
            parts.append(net.read(x)._repr_html_())
    return "".join(parts)


def still_network(net: Network, x: ArrayLike | None, why: str) -> StillPicture:
    """Return the still picture of a network that cannot be live, and why."""
    return StillPicture(network_html(net, None if x is None else np.asarray(x)) + note(why))

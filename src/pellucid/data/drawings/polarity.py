"""Whether ink is dark on light paper, or light on dark paper."""

from __future__ import annotations

import numpy as np

from pellucid.data.drawings.windows import WHITE, Picture, Words, closed, opened, shrunk, words_of

# The largest window, as a share of the picture's shorter side; small windows weigh most.
WIDEST_GAP = 0.45
PREVIEW_SIDE = 256


def ink_is_dark(grey: Picture) -> bool:
    """Whether ink is dark on light paper, and not light on dark paper.

    Ink is narrow. Closing a picture with larger and larger windows removes dark structures up to the size of the
    window; opening it removes light ones. Small windows remove strokes, and only large ones remove paper. Unlike a
    count of dark and light pixels, this works for any gradient of light, and for a sheet on a dark desk. Large windows
    are tried on a small copy, in which thin strokes fade; small ones on the picture itself.
    """
    factor = max(1, max(grey.shape) // PREVIEW_SIDE)
    small = words_of(shrunk(grey, factor))
    balance, side = 0.0, 3
    if factor > 1:
        whole = words_of(grey)
        balance = factor**2 * sum(_balance(whole, window) for window in (3, 5))
    while side <= max(3, WIDEST_GAP * min(small.shape)):
        balance += _balance(small, side)
        side = round(side * 1.35) | 1
    return balance > 0


def _balance(words: Words, side: int) -> float:
    """Return how much more is lost by a closing than by an opening, weighed by the window's area."""
    return (_square(closed(words, side) - words) - _square(words - opened(words, side))) / side**2


def _square(difference: Words) -> float:
    """Return the mean square of levels, as shares of white."""
    levels = difference.ravel().astype(np.float32) * np.float32(1 / WHITE)
    return float(levels @ levels) / levels.size

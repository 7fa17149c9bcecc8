"""Turn inverted stripes along two opposite edges of a picture back: there, ink is light where elsewhere it is dark."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.data.drawings.windows import Picture

# A stripe differs from what is between by this share of the picture's range, along this share of its border; ink that
# crosses the border differs the other way round.
CONTRAST = 0.6
STRAIGHT = 0.85
LEAST_BARE = 0.5
# Each covers at least and at most these shares of a side, and the picture is at most this many times as long as broad:
# the ones of a 101 are stripes of a longer picture.
NARROWEST, WIDEST = 0.08, 0.4
LONGEST = 1.4
MOST_BORDERS = 2
# In smaller pictures than this, strokes are as wide as stripes.
LEAST_SIDE = 20


def without_stripes(grey: Picture) -> Picture:
    """Return a picture with its stripes turned back; the picture itself if it has none.

    Examples
    --------
    >>> import numpy as np
    >>> ink = np.zeros((28, 28), np.float32)
    >>> ink[4:24, 13:15] = 1
    >>> striped = ink.copy()
    >>> striped[:, :7], striped[:, 21:] = 1, 1
    >>> bool((without_stripes(striped) == ink).all())
    True
    """
    height, width = grey.shape
    if min(height, width) < LEAST_SIDE or max(height, width) > LONGEST * min(height, width):
        return grey
    found = _stripes(grey)
    if found is not None:
        return _turned(grey, *found)
    found = _stripes(grey.T)
    return grey if found is None else _turned(grey.T, *found).T


def _stripes(grey: Picture) -> tuple[int, int] | None:
    """Return where the left stripe ends and the right one begins; None if there are not both."""
    spread = float(np.ptp(grey))
    steps = np.diff(grey, axis=1)
    rising, falling = ((sign * steps > CONTRAST * spread).mean(axis=0) for sign in (1, -1))
    straight = rising + falling >= STRAIGHT
    if np.count_nonzero(straight) > MOST_BORDERS:  # a table, or a grid
        return None
    width = grey.shape[1]
    near, far = (
        range(round(a * width), round(b * width) + 1) for a, b in ((NARROWEST, WIDEST), (1 - WIDEST, 1 - NARROWEST))
    )
    for first, second in ((falling, rising), (rising, falling)):
        left, right = _steepest(first * straight, near), _steepest(second * straight, far)
        if left is not None and right is not None and _has_ink(grey[:, left:right], spread):
            return left, right
    return None


def _steepest(shares: NDArray[np.float64], columns: range) -> int | None:
    """Return the column that begins with a step along most of its height; None if none of some columns does."""
    best = max(columns, key=lambda column: float(shares[column - 1]))
    return best if shares[best - 1] >= LEAST_BARE else None


def _has_ink(between: Picture, spread: float) -> bool:
    return bool(np.ptp(between) > CONTRAST * spread)


def _turned(grey: Picture, left: int, right: int) -> Picture:
    turned, both = grey.copy(), float(grey.min()) + float(grey.max())
    turned[:, :left] = both - grey[:, :left]
    turned[:, right:] = both - grey[:, right:]
    return turned

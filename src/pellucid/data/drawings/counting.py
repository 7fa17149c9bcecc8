"""Count the digits of a drawing on a pad, whose ink is known exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.data.drawings.grouping import find_groups


def count_digits(ink: NDArray[np.float32]) -> int:
    """Return how many digits ink (H, W) from 0 to 1 seems to hold, with the strokes of a digit joined.

    It is the count of `find_digits`, without the search for the ink: a drawing has neither noise nor shadows.

    Examples
    --------
    >>> import numpy as np
    >>> pad = np.zeros((60, 90), np.float32)
    >>> pad[10:50, 20:26] = pad[10:50, 60:66] = 1
    >>> count_digits(pad)
    2
    """
    groups, _ = find_groups(ink > 0.5, ink)
    return len(groups)

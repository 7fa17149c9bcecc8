"""Take the specks away from the ink of a digit: what is apart from its largest stroke, and small."""

from __future__ import annotations

import numpy as np

from pellucid.data.drawings import ndimage
from pellucid.data.drawings.windows import Picture

# Ink below this share of the strongest separates patches.
APART = 0.4
# A speck has at most this share of the ink of the largest patch; where anything else has more, it is a stroke.
SPECK = 0.15


def without_specks(cut: Picture) -> Picture | None:
    """Return the largest patch of the ink (H, W), 0 to 1, alone; None if there are no specks beside it, or strokes.

    Noise leaves specks; so do dots and dashes of the digit itself. Whether the rest is the digit, whoever reads it has
    to tell.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.zeros((20, 12), np.float32)
    >>> one[:, 3:6] = one[2:4, 9:11] = 1
    >>> int(without_specks(one).sum()), without_specks(one[:, :7]) is None
    (60, True)
    """
    labels, count = ndimage.label(cut > APART * float(cut.max(initial=0)), np.ones((3, 3)))
    if count < 2:
        return None
    ink = np.bincount(labels.ravel(), cut.ravel(), count + 1)[1:]
    largest = int(ink.argmax())
    if np.sort(ink)[-2] > SPECK * ink[largest]:
        return None
    near = ndimage.binary_dilation(labels == largest + 1, np.ones((3, 3))) & ((labels == 0) | (labels == largest + 1))
    return np.where(near, cut, 0).astype(np.float32)

"""How unlike its training images a picture is.

The images of a class vary in a few main directions, so they lie near a flat subspace: x is about m + V V^T (x - m),
with the class's mean m and its `DIRECTIONS` principal directions V. The distance of a picture from the training images
is what the nearest class leaves unexplained,

    d(x) = min over classes c of |(I - V_c V_c^T) (x - m_c)|,

and the limit is exceeded by 1 % of images that were kept out of the fit. The last hidden layer serves less well: on
10,000 digits the distance of its activations, in units of their spread, told 3 to 15 % of scribbles from digits at this
limit; d told 85 %.

References
----------
Oja, "Subspace methods of pattern recognition", 1983, for the distance of a class's subspace.
Hendrycks, Gimpel, "A baseline for detecting misclassified and out-of-distribution examples", 2017, for the question.
"""

from __future__ import annotations

import threading
import zlib
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pellucid.data.dataset import Dataset
from pellucid.data.rows import checksum
from pellucid.errors import ShapeError
from pellucid.programs.images import to_unit

Vectors = NDArray[np.float32]

DIRECTIONS = 30
"""Principal directions of a class."""

QUANTILE = 0.99
"""The share of known images within the limit."""

FEWEST = 5 * DIRECTIONS
"""A class with fewer images than this has no reliable directions."""

_MOST = 400
_EVERY = 5
_MOST_KEPT = 4
_kept: dict[Any, Any] = {}
_keeping = threading.Lock()


@dataclass(frozen=True, eq=False)
class Familiarity:
    """The distance of a picture from training images.

    Attributes
    ----------
    means : ndarray (C, D)
        The mean image of each class.
    directions : ndarray (C, D, `DIRECTIONS`)
        Orthonormal principal directions of each class.
    limit : float
        The distance that 99 % of known images stay within.

    Examples
    --------
    >>> import numpy as np
    >>> import pellucid as pl
    >>> digits = pl.data.load("digits")
    >>> known = Familiarity.of(digits.train)
    >>> bool(known.distance(digits.test.images[0] / 255) <= known.limit)
    True
    >>> bool(known.distance(np.eye(28)) <= known.limit)
    False
    """

    means: Vectors
    directions: Vectors
    limit: float

    @classmethod
    def of(cls, data: Dataset) -> Self | None:
        """Fit the subspaces to at most 400 images of each class, a fifth of which sets the limit.

        Returns None where a class has fewer than `FEWEST` images. The same images give the same result, which is kept
        for the last few data sets.
        """
        content = checksum(data.images), zlib.crc32(data.labels.data), data.images.shape, data.unit_range
        with _keeping:
            if content not in _kept:
                while len(_kept) >= _MOST_KEPT:
                    _kept.pop(next(iter(_kept)))
                _kept[content] = cls._fitted(data)
            found: Self | None = _kept[content]
        return found

    @classmethod
    def _fitted(cls, data: Dataset) -> Self | None:
        chosen = [np.flatnonzero(data.labels == label)[:_MOST] for label in range(len(data.classes))]
        if min(map(len, chosen)) < FEWEST:
            return None
        unit = [to_unit(data.images[rows].reshape(len(rows), -1), data.unit_range) for rows in chosen]
        fitted = [images[np.arange(len(images)) % _EVERY > 0] for images in unit]
        means = np.stack([images.mean(axis=0) for images in fitted])
        directions = np.stack([_directions(images - mean) for images, mean in zip(fitted, means, strict=True)])
        kept_out = np.concatenate([images[::_EVERY] for images in unit])
        distances = _distances(kept_out, means, directions)
        return cls(means, directions, float(np.quantile(distances, QUANTILE)))

    def distance(self, pixels: NDArray[np.floating]) -> float | NDArray[np.float32]:
        """Return d(x) of a picture with levels from 0 to 1, or of each of (N, ...).

        Parameters
        ----------
        pixels : ndarray of D values in any shape, or (N, ...) with D values each

        Raises
        ------
        ShapeError
            If a picture has another number of values than the training images.
        """
        values, size = np.asarray(pixels, np.float32), self.means.shape[1]
        if values.size == 0 or values.size % size:
            raise ShapeError(f"Expected pictures of {size} values each, got shape {values.shape}: resize them first.")
        vectors = values.reshape(-1, size)
        found = _distances(vectors, self.means, self.directions)
        return float(found[0]) if len(found) == 1 else found


def _distances(vectors: Vectors, means: Vectors, directions: Vectors) -> Vectors:
    """Return the distance of each vector (N, D) from the nearest subspace, (N,)."""
    found = np.full(len(vectors), np.inf, np.float32)
    for mean, main in zip(means, directions, strict=True):
        rest = vectors - mean
        left = (rest**2).sum(axis=1) - ((rest @ main) ** 2).sum(axis=1)
        found = np.minimum(found, np.sqrt(np.maximum(left, 0)))
    return found


def _directions(centred: Vectors) -> Vectors:
    """Return the principal directions (D, `DIRECTIONS`) of rows (N, D) with mean 0, from their (N, N) products."""
    sizes, weights = np.linalg.eigh(centred @ centred.T)
    main = centred.T @ weights[:, -DIRECTIONS:]
    return np.ascontiguousarray(main / np.sqrt(np.maximum(sizes[-DIRECTIONS:], 1e-12)))

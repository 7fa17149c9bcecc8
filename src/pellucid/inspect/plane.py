"""The loss on a plane through the path that training took, along the path's two principal directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import ConfigurationError, ShapeError
from pellucid.programs.feed import Feed
from pellucid.programs.image_program import checked_labels

if TYPE_CHECKING:
    from pellucid.data import Dataset
    from pellucid.network.network import Network


@dataclass(frozen=True, eq=False)
class LossPlane:
    """A plane through parameter space, and the loss on it.

    Attributes
    ----------
    origin : ndarray (P,)
        Where (0, 0) lies: the last point of the path.
    directions : ndarray (2, P)
        Unit vectors at right angles. The plane goes through the origin.
    explained : (float, float)
        Share of the path's variance along each: what of its shape can be seen on the plane.
    xs, ys : ndarray (n,)
        Places along the directions at which the loss is taken.
    losses : ndarray (n, n)
        Row by row of ``ys``; infinite where the loss is past all numbers.
    path : ndarray (m, 2)
        The path's shadow on the plane.
    path_losses : ndarray (m,)
        The loss at the path's own points, which lie off the plane.
    distances : ndarray (m,)
        How far off.
    """

    origin: NDArray[np.float64]
    directions: NDArray[np.float64]
    explained: tuple[float, float]
    xs: NDArray[np.float64]
    ys: NDArray[np.float64]
    losses: NDArray[np.float64]
    path: NDArray[np.float64]
    path_losses: NDArray[np.float64]
    distances: NDArray[np.float64]


def loss_plane(
    net: Network,
    path: ArrayLike,
    data: Dataset,
    loss: str = "cross_entropy",
    *,
    side: int = 25,
    margin: float = 0.3,
) -> LossPlane:
    """The loss around a training path.

    The plane is spanned by the two principal directions of the path's points, and laid through the last of them.

    Parameters
    ----------
    net : Network
        Whose parameters the path is of; it stays as it is.
    path : array_like (m, P)
        Parameters at points of the training, first to last, at least two.
    data : Dataset
        Over which the loss is taken.
    loss : str
        "cross_entropy" or "squared".
    side : int
        Places along each direction.
    margin : float
        How far the grid goes past the path, as a share of the path's larger extent.

    References
    ----------
    Li et al., "Visualizing the loss landscape of neural nets", 2018, section 7, which takes the last point as origin.

    Examples
    --------
    >>> import pellucid as pl
    >>> digits = pl.data.load("digits")
    >>> net = pl.Network([pl.Dense(10, "softmax")])
    >>> trainer = pl.Trainer(net, digits.train, optimizer=pl.SGD(0.5))
    >>> path = [net.parameters.copy()]
    >>> for _ in range(5):
    ...     _ = trainer.take_steps(20)
    ...     path.append(net.parameters.copy())
    >>> plane = pl.inspect.loss_plane(net, path, digits.train[:500], side=5)
    >>> plane.losses.shape, bool(sum(plane.explained) > 0.9), plane.path[-1].tolist()
    ((5, 5), True, [0.0, 0.0])
    """
    points = np.asarray(path, np.float64)
    if points.ndim != 2 or len(points) < 2 or points.shape[1] != net.parameter_count:
        raise ShapeError(f"loss_plane expected a path of shape (m, {net.parameter_count}), m >= 2, got {points.shape}.")
    if side < 2 or not margin > 0:
        raise ConfigurationError(f"loss_plane expected side >= 2 and margin > 0, got {side!r} and {margin!r}.")
    directions, explained = _principal(points)
    moved = points - points[-1]
    shadow = moved @ directions.T
    distances = np.sqrt(np.maximum((moved**2).sum(axis=1) - (shadow**2).sum(axis=1), 0.0))
    xs, ys = (_places(shadow[:, axis], float(np.ptp(shadow, axis=0).max()), side, margin) for axis in (0, 1))
    judge = _Judge(net, data, loss)
    losses = [[judge(points[-1] + x * directions[0] + y * directions[1]) for x in xs] for y in ys]
    along = [judge(point) for point in points]
    return LossPlane(
        points[-1], directions, explained, xs, ys, np.array(losses), shadow, np.array(along), distances
    )  # fmt: skip


def _principal(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """The two directions (2, P) along which the points vary most, and their shares of the variance."""
    centred = points - points.mean(axis=0)
    # From the small Gram matrix (m, m): its eigenvectors, carried over, are the large matrix's.
    values, vectors = np.linalg.eigh(centred @ centred.T)
    total = max(float(values.sum()), 1e-300)
    first, second = (vectors[:, -k] @ centred for k in (1, 2))
    # Signs are a matter of taste: the path is to come from the left and from below.
    start = points[0] - points[-1]
    directions = [_unit(first, np.zeros_like(first), start)]
    directions.append(_unit(second, directions[0], start))
    shares = [float(np.clip(values[-k] / total, 0.0, 1.0)) for k in (1, 2)]
    return np.array(directions), (shares[0], shares[1])


def _unit(vector: NDArray[np.float64], other: NDArray[np.float64], start: NDArray[np.float64]) -> NDArray[np.float64]:
    """``vector`` at right angles to ``other`` and of length 1; any such one where the path has no second direction."""
    vector = vector - (vector @ other) * other
    if np.linalg.norm(vector) < 1e-9 * max(1.0, float(np.linalg.norm(start))):
        vector = np.random.default_rng(int(other.any())).standard_normal(vector.shape)
        vector -= (vector @ other) * other
    vector = vector / np.linalg.norm(vector)
    return -vector if vector @ start > 0 else vector


def _places(shadow: NDArray[np.float64], extent: float, side: int, margin: float) -> NDArray[np.float64]:
    past = margin * max(extent, 1e-3)
    return np.linspace(shadow.min() - past, shadow.max() + past, side)


class _Judge:
    """The mean loss anywhere in parameter space."""

    def __init__(self, net: Network, data: Dataset, loss: str) -> None:
        self._twin, self._loss, self._feed = net.copy(), loss, Feed.of(data)
        self._labels = checked_labels(data.labels, len(data), net.output_shape[0])

    def __call__(self, parameters: NDArray[np.float64]) -> float:
        self._twin.parameters[...] = parameters
        value = self._twin.program.evaluate(self._feed, self._labels, self._loss)[0]
        return value if np.isfinite(value) else float("inf")

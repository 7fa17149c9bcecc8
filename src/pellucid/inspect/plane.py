"""The loss on a plane through the path of training, along the two principal directions of the path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import ConfigurationError, ShapeError
from pellucid.programs.feed import Feed

if TYPE_CHECKING:
    from pellucid.data import Dataset
    from pellucid.network.network import Network
    from pellucid.programs.image_program import ImageProgram


@dataclass(frozen=True, eq=False)
class LossPlane:
    """A plane through parameter space, and the loss on it.

    Attributes
    ----------
    origin : ndarray (P,)
        The point (0, 0): the last point of the path.
    directions : ndarray (2, P)
        Orthogonal unit vectors that span the plane.
    explained : (float, float)
        Share of the path's variance along each direction.
    xs, ys : ndarray (n,)
        Coordinates of the grid along the two directions.
    losses : ndarray (n, n)
        Loss on the grid, a row for each of ``ys``; infinite where it overflows.
    path : ndarray (m, 2)
        The path, projected onto the plane.
    path_losses : ndarray (m,)
        Loss at the points of the path themselves, which lie off the plane.
    distances : ndarray (m,)
        Their distances from the plane.
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
    loss: str | None = None,
    *,
    side: int = 25,
    margin: float = 0.3,
) -> LossPlane:
    """Compute the loss around the path of training.

    The plane passes through the last point of the path, along the two principal directions of all its points.

    Parameters
    ----------
    net : Network
        The network that was trained; it is not changed.
    path : array_like (m, P)
        Parameters at some steps of training, first to last, at least two.
    data : Dataset
        The images for the loss.
    loss : str, optional
        By default the one that suits the targets and the outputs.
    side : int
        Points of the grid along each direction.
    margin : float
        Distance by which the grid exceeds the path, relative to the larger extent of the path.

    Raises
    ------
    ShapeError
        If the path has another shape.
    ConfigurationError
        If the side is less than 2 or the margin not positive.

    References
    ----------
    Li et al., "Visualizing the loss landscape of neural nets", 2018, section 7, with the same origin.

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
        raise ConfigurationError(
            f"loss_plane expected side >= 2 and margin > 0, got {side!r} and {margin!r}: try 25 and 0.3."
        )
    directions, explained = _principal(points)
    moved = points - points[-1]
    projected = moved @ directions.T
    distances = np.sqrt(np.maximum((moved**2).sum(axis=1) - (projected**2).sum(axis=1), 0.0))
    extent = float(np.ptp(projected, axis=0).max())
    xs, ys = (_grid(projected[:, axis], extent, side, margin) for axis in (0, 1))
    mean_loss = _MeanLoss(net, data, loss)
    losses = [[mean_loss(points[-1] + x * directions[0] + y * directions[1]) for x in xs] for y in ys]
    along = [mean_loss(point) for point in points]
    return LossPlane(
        points[-1], directions, explained, xs, ys, np.array(losses), projected, np.array(along), distances
    )  # fmt: skip


def _principal(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """The two directions (2, P) of largest variance, and their shares of it."""
    centred = points - points.mean(axis=0)
    # The eigenvectors of the small Gram matrix (m, m) give those of the covariance matrix (P, P).
    values, vectors = np.linalg.eigh(centred @ centred.T)
    total = max(float(values.sum()), 1e-300)
    first, second = (vectors[:, -k] @ centred for k in (1, 2))
    # The signs are arbitrary: let the path start at the lower left.
    start = points[0] - points[-1]
    directions = [_unit(first, np.zeros_like(first), start)]
    directions.append(_unit(second, directions[0], start))
    shares = [float(np.clip(values[-k] / total, 0.0, 1.0)) for k in (1, 2)]
    return np.array(directions), (shares[0], shares[1])


def _unit(vector: NDArray[np.float64], other: NDArray[np.float64], start: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make ``vector`` orthogonal to ``other``, of length 1; any such vector if the path has no more directions."""
    vector = vector - (vector @ other) * other
    if np.linalg.norm(vector) < 1e-9 * max(1.0, float(np.linalg.norm(start))):
        vector = np.random.default_rng(int(other.any())).standard_normal(vector.shape)
        vector -= (vector @ other) * other
    vector = vector / np.linalg.norm(vector)
    return -vector if vector @ start > 0 else vector


def _grid(path: NDArray[np.float64], extent: float, side: int, margin: float) -> NDArray[np.float64]:
    beyond = margin * max(extent, 1e-3)
    return np.linspace(path.min() - beyond, path.max() + beyond, side)


class _MeanLoss:
    """The mean loss as a function of the parameters."""

    def __init__(self, net: Network, data: Dataset, loss: str | None) -> None:
        self._twin, self._feed = net.copy(), Feed.of(data)
        self._program = cast("ImageProgram", self._twin.program)
        self._supervision = self._program.supervise(data.targets, len(data), loss)

    def __call__(self, parameters: NDArray[np.float64]) -> float:
        self._twin.parameters[...] = parameters
        value = self._program.evaluate_supervised(self._feed, self._supervision)[0]
        return value if np.isfinite(value) else float("inf")

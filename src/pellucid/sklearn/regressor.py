"""A network that predicts values."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from pellucid.errors import DataError
from pellucid.layers.dense import Dense
from pellucid.sklearn.estimator import NetworkEstimator
from pellucid.sklearn.examples import Examples
from pellucid.sklearn.sparse_rows import outputs_for


class NetworkRegressor(RegressorMixin, NetworkEstimator):  # type: ignore[misc]
    """A network that predicts one value or several, beside scikit-learn's ``MLPRegressor``.

    Values are not standardised: for targets of another order of magnitude than 1, see
    ``sklearn.compose.TransformedTargetRegressor``.

    Parameters
    ----------
    loss : str or callable, optional
        "mean_squared", the default, "mean_absolute" or "huber"; or a function as for `pellucid.Trainer`.
    hidden_layer_sizes, activation, ... :
        As of `pellucid.sklearn.NetworkClassifier`; there is no ``class_weight``.

    Attributes
    ----------
    n_outputs_ : int
    network_, n_iter_, loss_curve_, ... :
        As of `pellucid.sklearn.NetworkClassifier`.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn.preprocessing import scale
    >>> from pellucid.sklearn import NetworkRegressor
    >>> x, y = make_friedman1(500, random_state=0)
    >>> model = NetworkRegressor((32,), "tanh", learning_rate_init=0.01, batch_size=32, random_state=0)
    >>> bool(model.fit(scale(x), scale(y)).score(scale(x), scale(y)) > 0.9)
    True
    """

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch, from where the last call ended; the parameters are those of `fit`."""
        return self._train(X, y, sample_weight, onward=True)

    def _learn(self, y: npt.NDArray[Any], names: list[str] | None, classes: Any) -> None:
        self.n_outputs_ = 1 if y.ndim == 1 else y.shape[1]
        self._is_column = y.ndim == 1
        self._names = names or [str(number) for number in range(self.n_outputs_)]
        self._loss = "mean_squared" if self.loss is None else self.loss

    def _checked_targets(self, y: Any) -> npt.NDArray[Any]:
        try:
            return np.asarray(y, np.float64)
        except (TypeError, ValueError) as error:
            raise DataError(f"Expected target values as numbers, got {y.dtype}: {error}.") from error

    def _encoded(self, y: npt.NDArray[Any]) -> npt.NDArray[Any]:
        with np.errstate(over="ignore"):
            values: npt.NDArray[np.float32] = y.reshape(len(y), -1).astype(np.float32)
        if values.shape[1] != self.n_outputs_:
            raise DataError(f"Expected {self.n_outputs_} target values in each row, got {values.shape[1]}.")
        return values

    def _last_layer(self) -> Dense:
        return Dense(self.n_outputs_)

    def _predictions(self, outputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return outputs[:, 0] if self._is_column else outputs

    def _score(self, examples: Examples) -> float:
        outputs = outputs_for(self.network_, examples.rows)
        return float(r2_score(examples.targets, outputs, sample_weight=examples.weights))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

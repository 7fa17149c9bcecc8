"""What both estimators share: parameters, and the way from arrays to a trained network."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from pellucid.data.columns import RECORD, Columns
from pellucid.errors import ConfigurationError, DataError
from pellucid.layers.dense import Dense
from pellucid.layers.layer import Layer
from pellucid.network.network import Network
from pellucid.sklearn.continuation import Continuation, plain
from pellucid.sklearn.data import NAME, data_for
from pellucid.sklearn.epochs import Patience, epoch_losses, train, train_for_score
from pellucid.sklearn.examples import Examples, Weights, examples_of, merged, rows_of
from pellucid.sklearn.parameters import (
    Likeness,
    batch_size_for,
    checked_epochs,
    draws,
    hidden_layers,
    optimizer_for,
)
from pellucid.sklearn.sparse_rows import outputs_for
from pellucid.training.function_loss import LossFunction
from pellucid.training.optimizers import Optimizer
from pellucid.training.schedules import check_number
from pellucid.training.trainer import Trainer

_DTYPES = (np.float64, np.float32)


class NetworkEstimator(BaseEstimator):  # type: ignore[misc]
    """A network with scikit-learn's interface; see `NetworkClassifier` for the parameters."""

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str = "relu",
        *,
        layers: Sequence[Layer] | None = None,
        input_shape: tuple[int, ...] | None = None,
        loss: str | LossFunction | None = None,
        solver: str = "adam",
        optimizer: Optimizer | str | None = None,
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate_init: float = 0.001,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        n_iter_no_change: float = 10,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.layers = layers
        self.input_shape = input_shape
        self.loss = loss
        self.solver = solver
        self.optimizer = optimizer
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.n_iter_no_change = n_iter_no_change

    @abstractmethod
    def _learn(self, y: npt.NDArray[Any], names: list[str] | None, classes: Any) -> None:
        """Set what is fixed by the first ``y`` (N,) or (N, K), by the names of its columns, and by ``classes``."""

    @abstractmethod
    def _checked_targets(self, y: Any) -> npt.NDArray[Any]:
        """``y`` as an array; raises for targets of another kind."""

    @abstractmethod
    def _encoded(self, y: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Targets as a data set takes them: classes (N,), or values (N, K)."""

    @abstractmethod
    def _last_layer(self) -> Dense:
        """The layer after the hidden ones."""

    @abstractmethod
    def _predictions(self, outputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What is predicted by outputs (N, K), as targets are encoded."""

    @abstractmethod
    def _score(self, examples: Examples) -> float:
        """The score of held-out examples."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train a new network, or with ``warm_start`` the present one.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (N, D)
            Numbers as the network shall take them: nothing is standardised.
        y : array-like, shape (N,) or (N, K)
            The targets.
        sample_weight : array-like, shape (N,), optional
            How many examples each one counts for.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For data and parameters that cannot be used.
        DivergedError
            If the loss becomes NaN or infinite.
        """
        return self._train(X, y, sample_weight)

    def _train(self, X: Any, y: Any, sample_weight: Any, *, onward: bool = False, classes: Any = None) -> Self:
        """Train to the end, or ``onward`` for one epoch."""
        first = not hasattr(self, "network_") or not (onward or self.warm_start)
        if onward and self.early_stopping:
            raise ConfigurationError("partial_fit takes one epoch at a time: set early_stopping=False.")
        checked_epochs(self)
        names = [str(name) for name in y.columns] if hasattr(y, "columns") else None
        label = getattr(y, "name", None)
        X, y = validate_data(self, X, y, accept_sparse="csr", multi_output=True, dtype=_DTYPES, reset=first)
        y = self._checked_targets(y)
        weights = self._weights(y, sample_weight)
        if first:
            self._begin(y, names, classes)
            self._label = label if label and isinstance(label, str) else Columns.label
        examples = examples_of(X, self._encoded(y), weights)
        if onward:
            self._take_epoch(examples)
        else:
            self._take_epochs(examples)
        return self

    def _begin(self, y: npt.NDArray[Any], names: list[str] | None, classes: Any) -> None:
        """Make the network."""
        self._learn(y, names, classes)
        self._seed = _seed_of(self.random_state)
        hidden = hidden_layers(self.layers, self.hidden_layer_sizes, self.activation)
        self.network_ = Network(
            [*hidden, self._last_layer()],
            input_shape=(self.n_features_in_,) if self.input_shape is None else self.input_shape,
            seed=self._seed,
            classes=self._names,
        )
        self.loss_curve_: list[float] = []
        self._continuation = Continuation()

    def _weights(self, y: npt.NDArray[Any], sample_weight: Any) -> Weights | None:
        """The weight of every example (N,); None if all are 1."""
        if sample_weight is None:
            return None
        weights: Weights = check_array(sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight")
        if weights.shape != (len(y),) or weights.min() < 0:
            raise DataError(
                f"Expected sample_weight as {len(y)} numbers of at least 0, got {weights.shape} from {weights.min():g}."
            )
        return weights

    def _take_epochs(self, examples: Examples) -> None:
        """Train until the loss, or with early stopping the score, improves no more."""
        self._continuation = Continuation()
        held_out = None
        if self.early_stopping:
            examples, held_out = self._split(examples)
        trainer, scale = self._trainer(examples)
        most, tol, waiting = checked_epochs(self)
        patience = Patience(tol, waiting)

        def advance(count: int) -> list[float]:
            losses: list[float] = (epoch_losses(trainer, count) / scale).tolist()
            return losses

        tell = _print_epoch if self.verbose else None
        self.validation_scores_: list[float] | None = None
        self.best_validation_score_: float | None = None
        self.best_loss_: float | None = None
        if held_out is None:
            self.loss_curve_ = train(advance, most, patience, tell)
            self.best_loss_ = patience.best
        else:
            score, parameters = partial(self._score, held_out), self.network_.parameters
            self.loss_curve_, self.validation_scores_ = train_for_score(
                advance, most, patience, score, parameters, tell
            )
            self.best_validation_score_ = -patience.best
        self._finish(trainer, len(self.loss_curve_), len(examples.targets))
        if not patience.is_over:
            warnings.warn(
                f"Training ended after max_iter={most} epochs, while it still improved: allow more, or a higher rate.",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _take_epoch(self, examples: Examples) -> None:
        """Train for one epoch, from where the last one ended."""
        trainer, scale = self._trainer(examples)
        [loss] = epoch_losses(trainer, 1) / scale
        self.loss_curve_ = [*self.loss_curve_, float(loss)]
        self._finish(trainer, 1, len(examples.targets))

    def _trainer(self, examples: Examples) -> tuple[Trainer, float]:
        """A trainer that goes on from where training is, and how many times its loss is scikit-learn's."""
        loss, net = self._loss, self.network_
        likeness = Likeness.of(loss, net.output_shape[-1])
        size = batch_size_for(self.batch_size, len(examples.targets))
        whole = size == len(examples.targets)
        optimizer, groups = optimizer_for(self, likeness, size * examples.mean_weight)
        if whole and not callable(loss) and not draws(net.layers):
            examples = merged(examples)
            size = len(examples.targets)
        data = data_for(examples, self._names, shuffle=self.shuffle or whole)
        trainer = Trainer(net, data, loss=loss, optimizer=optimizer, groups=groups, batch_size=size, seed=self._seed)
        self._continuation = self._continuation.for_kind(trainer.optimizer.kind)
        trainer.optimizer = self._continuation.optimizer(trainer.optimizer, trainer.steps_per_epoch)
        self._continuation.apply(trainer, self.max_iter)
        return trainer, likeness.loss

    def _split(self, examples: Examples) -> tuple[Examples, Examples]:
        """Examples to train on, and some to hold out."""
        targets = examples.targets
        check_number("validation_fraction", self.validation_fraction, lambda value: 0 < value < 1, "between 0 and 1")
        kept, held_out = train_test_split(
            np.arange(len(targets)),
            test_size=self.validation_fraction,
            stratify=targets if targets.ndim == 1 else None,
            random_state=self._seed % (1 << 32),
        )
        if len(held_out) < 2:
            raise DataError(
                f"Early stopping expected at least 2 examples to hold out of {len(targets)}: raise validation_fraction."
            )
        return examples.pick(kept), examples.pick(held_out)

    def _finish(self, trainer: Trainer, epochs: int, examples: int) -> None:
        """Set the attributes that tell how training went, and record it in the network."""
        self._continuation = self._continuation.after(trainer, epochs)
        self.n_iter_, self.loss_ = len(self.loss_curve_), self.loss_curve_[-1]
        record = {
            "data": NAME,
            "images": examples,
            "epochs": self._continuation.epochs,
            "loss": trainer.loss,
            "optimizer": plain(trainer.optimizer).configuration(),
            "batch_size": trainer.batch_size,
            "seed": trainer.seed,
        }
        if hasattr(self, "feature_names_in_"):
            record[RECORD] = Columns(tuple(self.feature_names_in_.tolist()), self._label).configuration()
        self.network_.record |= record

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """What the network says of rows (N, D): a class or labels, or one or several values, for each.

        Values have the type of ``X``, float64 or float32; they are computed in float32.
        """
        return self._predictions(self._outputs(X))

    def _outputs(self, X: Any) -> npt.NDArray[Any]:
        """The network's outputs (N, K), in the type of ``X``."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=_DTYPES, reset=False)
        return outputs_for(self.network_, rows_of(X)).astype(X.dtype, copy=False)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _seed_of(random_state: Any) -> int:
    """A whole number as it is; otherwise one drawn by a generator of NumPy."""
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(1 << 31))


def _print_epoch(number: int, loss: float) -> None:
    print(f"Iteration {number}, loss = {loss:.8f}")

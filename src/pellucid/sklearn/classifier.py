"""A network that predicts classes, or several labels at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from pellucid.errors import ConfigurationError, DataError
from pellucid.layers.dense import Dense
from pellucid.layers.layer import Layer
from pellucid.sklearn.estimator import NetworkEstimator
from pellucid.sklearn.examples import Examples, Weights
from pellucid.sklearn.sparse_rows import outputs_for
from pellucid.training.function_loss import LossFunction
from pellucid.training.optimizers import Optimizer


class NetworkClassifier(ClassifierMixin, NetworkEstimator):  # type: ignore[misc]
    """A network that predicts a class, or several labels at once, beside scikit-learn's ``MLPClassifier``.

    Parameters that ``MLPClassifier`` has too mean the same. The last layer follows from the targets: as many softmax
    outputs as there are classes, also of two, or a sigmoid output for each label.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int
        Neurons in each hidden layer.
    activation : str
        Of the hidden layers: "identity", "logistic" (or "sigmoid"), "tanh" or "relu".
    layers : sequence of Layer, optional
        Hidden layers of one's own, in the place of ``hidden_layer_sizes`` and ``activation``.
    input_shape : tuple of int, optional
        The shape in which the first layer sees the D numbers of a row, such as (1, 8, 8); by default (D,).
    loss : str or callable, optional
        For classes "cross_entropy", the default, or "squared", which has sigmoid outputs; for labels
        "binary_cross_entropy". Or a function as for `pellucid.Trainer`.
    solver : str
        "adam", or "sgd" with ``momentum``.
    optimizer : Optimizer or str, optional
        As for `pellucid.Trainer`, in the place of ``solver``, ``alpha``, ``learning_rate_init``, ``momentum``,
        ``nesterovs_momentum``, ``beta_1`` and ``beta_2``.
    alpha : float
        The strength of the L2 term on weights, which is divided by the number of examples in a mini-batch.
    batch_size : int or "auto"
        Examples in a mini-batch, at most all; "auto" are 200.
    learning_rate_init : float
        The learning rate.
    max_iter : int
        The most epochs.
    shuffle : bool
        Whether examples are shuffled in every epoch.
    random_state : int, RandomState or None
        Draws the first parameters, the order of examples, and those that are held out. An integer is the seed of the
        `pellucid.Network` and of its `pellucid.Trainer`.
    tol, n_iter_no_change : float
        Training ends when the loss, or with early stopping the score, has not improved by at least ``tol`` for more
        than ``n_iter_no_change`` epochs in a row.
    verbose : bool
        Whether to print the loss of every epoch.
    warm_start : bool
        Whether `fit` goes on with the present network, and a new optimiser.
    momentum, nesterovs_momentum : float, bool
        Of "sgd".
    early_stopping : bool
        Whether `fit` holds out examples, and returns to the parameters with the best score on them.
    validation_fraction : float
        The share of examples that early stopping holds out.
    beta_1, beta_2 : float
        Of "adam".
    class_weight : dict, "balanced" or None
        A factor for the weight of every example, by its class.

    Attributes
    ----------
    network_ : Network
        The trained network. Its outputs are named after the classes, and its record names the features.
    classes_ : ndarray (K,)
        The classes; of labels, their numbers.
    n_features_in_ : int
    feature_names_in_ : ndarray (D,)
        If the columns of ``X`` have names.
    n_iter_ : int
        Epochs of the last `fit`, and of `partial_fit` since then.
    loss_curve_ : list of float
        The mean loss of every epoch, without the L2 term.
    loss_, best_loss_ : float
        The last and the lowest.
    validation_scores_, best_validation_score_ : list of float, float
        With early stopping.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.preprocessing import scale
    >>> from pellucid.sklearn import NetworkClassifier
    >>> x, y = load_wine(return_X_y=True)
    >>> model = NetworkClassifier((16,), learning_rate_init=0.01, random_state=0).fit(scale(x), y)
    >>> model.predict(scale(x)[:3])
    array([0, 0, 0])
    >>> model.network_
    <Network 13-16-3: 275 parameters>
    """

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
        class_weight: Mapping[Any, float] | str | None = None,
    ) -> None:
        super().__init__(
            hidden_layer_sizes,
            activation,
            layers=layers,
            input_shape=input_shape,
            loss=loss,
            solver=solver,
            optimizer=optimizer,
            alpha=alpha,
            batch_size=batch_size,
            learning_rate_init=learning_rate_init,
            max_iter=max_iter,
            shuffle=shuffle,
            random_state=random_state,
            tol=tol,
            verbose=verbose,
            warm_start=warm_start,
            momentum=momentum,
            nesterovs_momentum=nesterovs_momentum,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            beta_1=beta_1,
            beta_2=beta_2,
            n_iter_no_change=n_iter_no_change,
        )
        self.class_weight = class_weight

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train for one epoch, from where the last call ended.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.
        classes : array-like, shape (K,)
            All classes that there will be: needed in the first call, unless ``y`` has several labels.

        Raises
        ------
        ConfigurationError
            If the first call has no classes, a later one has others, or ``class_weight`` is "balanced".
        """
        if isinstance(self.class_weight, str):
            raise ConfigurationError("partial_fit does not see all examples: pass class_weight as a weight by class.")
        if not hasattr(self, "network_"):
            if classes is None and not type_of_target(y).startswith("multilabel"):
                raise ConfigurationError("partial_fit expected classes in its first call: pass all there will be.")
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ConfigurationError(f"partial_fit expected the classes of its first call, {self.classes_}; omit them.")
        return self._train(X, y, sample_weight, onward=True, classes=classes)

    def predict_proba(self, X: Any) -> npt.NDArray[Any]:
        """The probability of every class, or of every label, for rows (N, D): (N, K), in the type of ``X``."""
        outputs = self._outputs(X)
        if self._has_labels:
            return outputs
        sums = outputs.sum(axis=1, keepdims=True)
        shares: npt.NDArray[Any] = np.divide(outputs, sums, where=sums > 0, out=np.full_like(outputs, 1 / self._width))
        return shares

    def predict_log_proba(self, X: Any) -> npt.NDArray[Any]:
        """The logarithms of `predict_proba`."""
        with np.errstate(divide="ignore"):
            logarithms: npt.NDArray[Any] = np.log(self.predict_proba(X))
        return logarithms

    def _learn(self, y: npt.NDArray[Any], names: list[str] | None, classes: Any) -> None:
        self._has_labels = y.ndim == 2
        if self._has_labels:
            self.classes_ = np.arange(y.shape[1])
        else:
            self.classes_ = np.unique(y if classes is None else classes)
        self._width = self.n_outputs_ = len(self.classes_)
        self._names = names if names and self._has_labels else [str(name) for name in self.classes_.tolist()]
        self._by_label = self._has_labels or self._width == 1  # a single softmax output would always be 1
        usual = "binary_cross_entropy" if self._by_label else "cross_entropy"
        self._loss = usual if self.loss is None or self._width == 1 else self.loss

    def _checked_targets(self, y: Any) -> npt.NDArray[Any]:
        if y.ndim == 1 and y.dtype.kind in "iu":  # whole numbers are classes, which need not be looked at
            numbers: npt.NDArray[Any] = y
            return numbers
        try:
            check_classification_targets(y)
        except TypeError as error:
            raise DataError(f"Expected labels of one type in y: {error}.") from error
        if hasattr(y, "toarray"):
            y = y.toarray()
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if y.ndim == 2 and type_of_target(y) != "multilabel-indicator":
            raise DataError(
                "Expected one class, or zeros and ones for several labels, in each row of y, got several classes: see "
                "sklearn.multioutput.MultiOutputClassifier."
            )
        checked: npt.NDArray[Any] = y
        return checked

    def _encoded(self, y: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if (y.ndim == 2) != self._has_labels or (self._has_labels and y.shape[1] != self._width):
            wanted = f"{self._width} labels" if self._has_labels else "one class"
            raise DataError(f"Expected {wanted} in each row of y, as at first, got an array of shape {y.shape}.")
        if self._has_labels:
            return y.astype(np.float32)
        numbers = np.searchsorted(self.classes_, y).clip(max=self._width - 1)
        unknown = self.classes_[numbers] != y
        if np.any(unknown):
            raise DataError(f"Expected the classes {self.classes_} in y, got {np.unique(y[unknown])} too.")
        return np.ones((len(y), 1), np.float32) if self._by_label else numbers

    def _weights(self, y: npt.NDArray[Any], sample_weight: Any) -> Weights | None:
        weights = super()._weights(y, sample_weight)
        if self.class_weight is None:
            return weights
        of_classes: Weights = compute_sample_weight(self.class_weight, y)
        return of_classes if weights is None else weights * of_classes

    def _last_layer(self) -> Dense:
        sigmoid = self._by_label or self._loss in ("squared", "binary_cross_entropy")
        return Dense(self._width, "sigmoid" if sigmoid else "softmax")

    def _predictions(self, outputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if self._has_labels:
            return (outputs > 0.5).astype(np.int64)
        named: npt.NDArray[Any] = self.classes_[outputs.argmax(axis=1)]
        return named

    def _score(self, examples: Examples) -> float:
        outputs = outputs_for(self.network_, examples.rows)
        found = outputs > 0.5 if self._by_label else outputs.argmax(axis=1)
        return float(accuracy_score(examples.targets, found, sample_weight=examples.weights))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

"""scikit-learn: MLPClassifier, one `fit` of one iteration, through its public interface only."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from pellucid.bench.machine import blas_threads, can_limit_blas
from pellucid.bench.peers.base import InferenceRun, Peer, TrainingRun, UnsuitedError
from pellucid.bench.work import ADAM_BETAS, ADAM_EPSILON, MOMENTUM, Floats, InferenceWork, TrainingWork


class SklearnMLP(Peer):
    """Float32 throughout; checks for infinite values are off.

    The weights of the workload are written into `coefs_`, and a warm start keeps them. The images come in the order of
    the workload with `shuffle=False`, so scikit-learn avoids the shuffling that the others do.
    """

    name = "scikit-learn"
    package = "scikit-learn"
    modules = ("sklearn",)
    most_steps = 3000

    def available(self) -> str | None:
        """Setting the number of threads needs threadpoolctl, which scikit-learn installs."""
        if self.threads is not None and not can_limit_blas():
            return "threadpoolctl not installed: pip install 'pellucid[bench]'"
        return super().available()

    def train(self, work: TrainingWork) -> TrainingRun:
        """Fit once on zeros, which allocates the arrays; then set the weights and fit."""
        import sklearn
        from sklearn.exceptions import ConvergenceWarning

        images, labels = work.images[work.order], work.labels[work.order]
        if len(np.unique(labels)) != work.layers[-1]:
            raise UnsuitedError("scikit-learn takes its output size from the labels, and some are missing here.")
        if work.batch_size > work.count:
            raise UnsuitedError("scikit-learn needs at least one whole batch.")
        model = _model(work.layers, work.activation, **_training_options(work))

        def run() -> float:
            _fill(model, work)
            with sklearn.config_context(assume_finite=True), blas_threads(self.threads), warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(images, labels)
            return float(model.loss_)

        return run

    def read(self, work: InferenceWork) -> InferenceRun:
        """Compute the probabilities of all images, or of one row at a time."""
        import sklearn

        model = _model(work.layers, work.activation)
        _fill(model, work)
        rows = [image[np.newaxis] for image in work.images] if work.one_at_a_time else [work.images]

        def run() -> Floats | list[Floats]:
            with sklearn.config_context(assume_finite=True), blas_threads(self.threads):
                read = [model.predict_proba(images) for images in rows]
            return [answer[0] for answer in read] if work.one_at_a_time else read[0]

        return run


def _model(layers: tuple[int, ...], activation: str, **options: Any) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    classes = layers[-1]
    if classes < 3:
        raise UnsuitedError("scikit-learn has one output, not two, for two classes.")
    model = MLPClassifier(
        hidden_layer_sizes=layers[1:-1],
        activation="relu" if activation == "relu" else "logistic",
        solver="sgd",
        alpha=0,
        batch_size=classes,
        max_iter=1,
        shuffle=False,
        warm_start=True,
        n_iter_no_change=np.inf,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(np.zeros((classes, layers[0]), np.float32), np.arange(classes))
    model.set_params(**options)
    return model


def _training_options(work: TrainingWork) -> dict[str, Any]:
    return {
        "solver": "adam" if work.optimizer == "adam" else "sgd",
        "learning_rate_init": work.learning_rate,
        "momentum": MOMENTUM if work.optimizer == "momentum" else 0.0,
        "nesterovs_momentum": False,
        "beta_1": ADAM_BETAS[0],
        "beta_2": ADAM_BETAS[1],
        "epsilon": ADAM_EPSILON,
        "batch_size": work.batch_size,
    }


def _fill(model: Any, work: TrainingWork | InferenceWork) -> None:
    model.coefs_ = [np.array(weight.T, order="C") for weight, _ in work.parameters]
    model.intercepts_ = [bias.copy() for _, bias in work.parameters]


PEERS = (SklearnMLP("1 thread", threads=1), SklearnMLP("all threads"))

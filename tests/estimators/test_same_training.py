"""What an estimator computes is what a Trainer, and scikit-learn's own network, compute with the same options."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.7", reason="older networks of scikit-learn take no weights")

from sklearn.datasets import load_diabetes, load_iris, load_linnerud, make_multilabel_classification
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import scale

import pellucid as pl
from pellucid.sklearn import NetworkClassifier, NetworkRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def iris() -> tuple[Any, Any]:
    x, y = load_iris(return_X_y=True)
    return scale(x), y


def diabetes() -> tuple[Any, Any]:
    x, y = load_diabetes(return_X_y=True)
    return scale(x)[:150], scale(y)[:150]


def labels() -> tuple[Any, Any]:
    x, y = make_multilabel_classification(150, random_state=0)
    return scale(x), y


def linnerud() -> tuple[Any, Any]:
    x, y = load_linnerud(return_X_y=True)
    return scale(x), scale(y)


TASKS: dict[str, tuple[Any, Any, Any]] = {
    "iris": (iris, NetworkClassifier, MLPClassifier),
    "diabetes": (diabetes, NetworkRegressor, MLPRegressor),
    "labels": (labels, NetworkClassifier, MLPClassifier),
    "linnerud": (linnerud, NetworkRegressor, MLPRegressor),
}


def test_the_bits_of_a_trainer_with_the_same_options() -> None:
    x, y = iris()
    model = NetworkClassifier((16,), alpha=0, batch_size=32, max_iter=7, random_state=3).fit(x, y)
    net = pl.Network(
        [pl.Dense(16, "relu", "glorot_uniform"), pl.Dense(3, "softmax")], input_shape=(4,), seed=3
    )  # fmt: skip
    data = pl.data.Dataset(x, y, level_range=None)
    trainer = pl.Trainer(net, data, optimizer=pl.Adam(0.001), batch_size=32, seed=3)
    losses = [event.loss for event in trainer.run(epochs=7)]
    assert net.parameters.tobytes() == model.network_.parameters.tobytes()
    np.testing.assert_allclose(model.loss_curve_, losses, rtol=1e-12)
    assert model.n_iter_ == 7


def test_the_bits_of_a_trainer_with_weights_layers_and_an_optimizer() -> None:
    x, y = diabetes()
    weights = np.random.default_rng(0).uniform(0.5, 2, len(x))
    layers, optimizer = [pl.Dense(8, "tanh"), pl.Dropout(0.2)], pl.RMSprop(pl.Cosine(0.01))
    model = NetworkRegressor(
        layers=layers, optimizer=optimizer, loss="huber", batch_size=16, max_iter=5, random_state=1
    )
    model.fit(x, y, sample_weight=weights)
    net = pl.Network([*layers, pl.Dense(1)], input_shape=(10,), seed=1)
    data = pl.data.Dataset(x, y, weight=weights / (weights.sum() / len(x)), level_range=None, task="values")
    for _ in pl.Trainer(net, data, loss="huber", optimizer=optimizer, batch_size=16, seed=1).run(epochs=5):
        pass
    assert net.parameters.tobytes() == model.network_.parameters.tobytes()
    assert model.network_.record["optimizer"] == optimizer.configuration()


def test_balanced_classes_weigh_as_in_a_trainer() -> None:
    x, y = iris()
    x, y = x[:120], y[:120]
    model = NetworkClassifier((4,), alpha=0, batch_size=32, max_iter=3, random_state=0, class_weight="balanced")
    model.fit(x, y)
    net = pl.Network([pl.Dense(4, "relu", "glorot_uniform"), pl.Dense(3, "softmax")], input_shape=(4,), seed=0)
    data = pl.data.Dataset(x, y, level_range=None)
    for _ in pl.Trainer(net, data, optimizer=pl.Adam(0.001), batch_size=32, class_weight="balanced").run(epochs=3):
        pass
    np.testing.assert_allclose(net.parameters, model.network_.parameters, atol=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    "options",
    [
        {"solver": "adam", "learning_rate_init": 0.01, "beta_1": 0.8, "beta_2": 0.99},
        {"solver": "sgd", "learning_rate_init": 0.05},
        {"solver": "sgd", "learning_rate_init": 0.05, "momentum": 0.5, "nesterovs_momentum": False},
        {"solver": "sgd", "learning_rate_init": 0.2, "momentum": 0.0},
    ],
    ids=["adam", "nesterov", "momentum", "plain"],
)
def test_the_parameters_of_scikit_learns_network_mean_the_same(
    task: str, options: dict[str, Any], weighted: bool
) -> None:
    """From the same first parameters, both networks are the same after 30 epochs, but for float32."""
    load, own, theirs = TASKS[task]
    x, y = load()
    weights = np.random.default_rng(0).integers(0, 4, len(x)).astype(float) if weighted else None
    options = {"hidden_layer_sizes": (8,), "activation": "tanh", "alpha": 1.0, "random_state": 0, **options}
    model = own(**options, max_iter=30, n_iter_no_change=1000).fit(x, y, weights)
    mlp = continued(theirs(**options, n_iter_no_change=1000), model.network_, 30, x, y, weights)
    away = 2e-3 if options["solver"] == "adam" else 1e-5  # Adam makes much of the rounding of small gradients
    for coefficients, biases, layer in zip(mlp.coefs_, mlp.intercepts_, model.network_.layers, strict=True):
        np.testing.assert_allclose(layer.weight.T, coefficients, atol=away)
        np.testing.assert_allclose(layer.bias, biases, atol=away)


@pytest.mark.parametrize("task", TASKS)
def test_losses_and_the_end_are_those_of_scikit_learns_network(task: str) -> None:
    load, own, theirs = TASKS[task]
    x, y = load()
    options: dict[str, Any] = {"hidden_layer_sizes": (8,), "activation": "tanh", "alpha": 0.0, "random_state": 0}
    options |= {"tol": 0.002, "n_iter_no_change": 3, "learning_rate_init": 0.02, "solver": "sgd"}
    model = own(**options, max_iter=1000).fit(x, y)
    mlp = continued(theirs(**options), model.network_, 1000, x, y, None)
    assert model.n_iter_ == mlp.n_iter_ < 1000
    np.testing.assert_allclose(model.loss_curve_, mlp.loss_curve_[1:], rtol=1e-4)
    assert model.best_loss_ == min(model.loss_curve_)


def continued(mlp: Any, net: pl.Network, epochs: int, x: Any, y: Any, weights: Any) -> Any:
    """scikit-learn's network, trained from the first parameters of another; its first fit only makes it."""
    start = net.copy()
    start.reset(0)
    given = [] if weights is None else [weights]
    mlp.set_params(warm_start=True, max_iter=1).fit(x, y, *given)
    mlp.coefs_ = [layer.weight.T.astype(float) for layer in start.layers]
    mlp.intercepts_ = [layer.bias.astype(float) for layer in start.layers]
    mlp._best_coefs, mlp.best_loss_, mlp._no_improvement_count = None, np.inf, 0
    return mlp.set_params(max_iter=epochs).fit(x, y, *given)

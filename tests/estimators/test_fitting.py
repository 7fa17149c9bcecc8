"""Fitting: weights, continued training, early stopping, kinds of targets, sparse inputs, types."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.6")

from scipy import sparse
from sklearn.datasets import load_digits, load_iris, make_friedman1
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

import pellucid as pl
from pellucid.errors import ConfigurationError, DataError, DivergedError
from pellucid.sklearn import NetworkClassifier, NetworkRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
X = scale(X)


def same(one: Any, other: Any) -> bool:
    return bool(one.network_.parameters.tobytes() == other.network_.parameters.tobytes())


def classifier(**options: Any) -> NetworkClassifier:
    return NetworkClassifier((8,), **{"learning_rate_init": 0.01, "random_state": 0, "max_iter": 20, **options})


def test_the_same_seed_gives_the_same_bits_and_another_one_others() -> None:
    assert same(classifier(batch_size=16).fit(X, Y), classifier(batch_size=16).fit(X, Y))
    assert not same(classifier().fit(X, Y), classifier(random_state=1).fit(X, Y))
    drawn = [classifier(random_state=np.random.RandomState(5)).fit(X, Y) for _ in range(2)]
    assert same(*drawn)
    assert not same(drawn[0], classifier(random_state=None).fit(X, Y))


def test_weights_are_copies_in_any_order() -> None:
    weights = np.random.default_rng(0).integers(0, 4, len(X))
    order = np.random.default_rng(1).permutation(len(X))
    weighted = classifier(batch_size=1000).fit(X[order], Y[order], weights[order])
    repeated = classifier(batch_size=1000).fit(np.repeat(X, weights, axis=0), np.repeat(Y, weights))
    assert same(weighted, repeated)
    assert not same(weighted, classifier(batch_size=1000).fit(X, Y))


def test_only_the_ratios_of_weights_count_without_alpha() -> None:
    weights = np.random.default_rng(0).uniform(0.1, 1, len(X))
    one, other = (classifier(batch_size=32, alpha=0).fit(X, Y, weights * factor) for factor in (1, 4))
    assert same(one, other)


def test_an_epoch_after_another_is_a_fit_of_as_many() -> None:
    whole = classifier(batch_size=16, max_iter=4).fit(X, Y)
    stepwise = classifier(batch_size=16)
    for _ in range(4):
        stepwise.partial_fit(X, Y, classes=[0, 1, 2])
    assert same(whole, stepwise)
    assert stepwise.n_iter_ == 4
    assert stepwise.loss_curve_ == whole.loss_curve_


def test_partial_fit_goes_on_after_fit_and_with_examples_of_another_number() -> None:
    model = classifier(batch_size=16, max_iter=3).fit(X, Y)
    model.partial_fit(X[::7], Y[::7]).partial_fit(X, Y)
    assert model.n_iter_ == 5
    assert model._continuation.steps == 3 * 10 + 2 + 10
    assert model.score(X, Y) > 0.8


def test_adam_corrects_its_moments_by_all_steps_so_far() -> None:
    """Two batches of two and one mini-batches, as three steps by hand."""
    model = classifier(batch_size=50, alpha=0)
    model.partial_fit(X[:100], Y[:100], classes=[0, 1, 2])
    moments = [moment.copy() for moment in model._continuation.moments]
    before = model.network_.copy()
    model.partial_fit(X[100:], Y[100:])
    gradient = before.gradient(X[100:].astype(np.float32), Y[100:]).parameters
    mean = 0.9 * moments[0] + 0.1 * gradient
    square = 0.999 * moments[1] + 0.001 * gradient**2
    step = 0.01 * mean / (1 - 0.9**3) / (np.sqrt(square / (1 - 0.999**3)) + 1e-8)
    np.testing.assert_allclose(model.network_.parameters, before.parameters - step, atol=2e-6)
    assert model.network_.record["optimizer"] == pl.Adam(0.01).configuration()


def test_another_optimizer_begins_anew() -> None:
    model = classifier(batch_size=50).fit(X, Y)
    model.set_params(optimizer=pl.AdamW(0.01)).partial_fit(X, Y)
    assert model._continuation.kind == "adamw"
    assert model._continuation.steps == 3


def test_warm_start_keeps_the_network() -> None:
    model = classifier(warm_start=True, max_iter=5).fit(X, Y)
    net, loss = model.network_, model.loss_
    model.fit(X, Y)
    assert model.network_ is net
    assert model.loss_curve_[0] < loss
    assert classifier(max_iter=5).fit(X, Y).fit(X, Y).network_ is not net


def test_early_stopping_returns_to_the_best_score() -> None:
    x, y = load_digits(return_X_y=True)
    model = NetworkClassifier(
        (16,), early_stopping=True, batch_size=64, n_iter_no_change=3, random_state=0, max_iter=300
    )
    model.fit(x / 16, y)
    assert len(model.validation_scores_) == model.n_iter_ < 300
    assert model.best_validation_score_ == max(model.validation_scores_) > 0.85
    assert model.validation_scores_.index(max(model.validation_scores_)) < model.n_iter_ - 1


@pytest.mark.parametrize("weights", [None, np.linspace(0, 1, 300)])
def test_early_stopping_of_values_and_labels(weights: Any) -> None:
    x, y = make_friedman1(300, random_state=0)
    model = NetworkRegressor((8,), early_stopping=True, random_state=0, max_iter=15).fit(x, scale(y), weights)
    assert len(model.validation_scores_) == 15
    labels = NetworkClassifier((8,), early_stopping=True, random_state=0, max_iter=5).fit(x, x[:, :2] > 0.5, weights)
    assert len(labels.validation_scores_) == 5
    assert model.set_params(early_stopping=False).fit(x, scale(y)).validation_scores_ is None


def test_classes_are_strings_numbers_or_truth_values() -> None:
    names = np.array(["setosa", "versicolor", "virginica"])
    model = classifier(max_iter=100).fit(X, names[Y])
    assert model.classes_.tolist() == list(model.network_.classes) == names.tolist()
    assert set(model.predict(X)) == set(names)
    assert str(model.network_.read(X[0])).startswith("setosa at ")
    assert classifier().fit(X, Y == 0).predict(X).dtype == bool
    assert classifier().fit(X, Y * 10.0).predict(X).dtype == float
    assert set(classifier().fit(X, names[Y].astype(object)).predict(X)) <= set(names)


def test_several_labels_at_once_also_sparse() -> None:
    y = np.stack([X[:, 0] > 0, X[:, 1] > 0, X[:, 2] > 0], axis=1).astype(int)
    model = classifier(max_iter=200).fit(X, y)
    assert model.predict(X).shape == model.predict_proba(X).shape == (150, 3)
    assert model.score(X, y) > 0.8
    assert same(model, classifier(max_iter=200).fit(X, sparse.csr_array(y)))
    assert model.partial_fit(X, y).n_iter_ == model.n_iter_


def test_several_values_at_once() -> None:
    y = X[:, :2] * [1, -1]
    model = NetworkRegressor((8,), learning_rate_init=0.01, random_state=0).fit(X, y)
    assert model.predict(X).shape == (150, 2)
    assert model.score(X, y) > 0.9
    assert model.fit(X, y[:, :1]).predict(X).shape == (150, 1)
    assert model.fit(X, y[:, 0]).predict(X).shape == (150,)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("size", [16, 1000])
def test_sparse_inputs_are_the_same_as_dense_ones(shuffle: bool, size: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((150, 40)) * (rng.uniform(size=(150, 40)) < 0.1)
    dense, thin = (classifier(batch_size=size, shuffle=shuffle).fit(form, Y) for form in (x, sparse.csr_matrix(x)))
    assert same(dense, thin)
    np.testing.assert_array_equal(dense.predict_proba(x), thin.predict_proba(sparse.csc_array(x)))


def test_sparse_inputs_never_become_dense_as_a_whole() -> None:
    import tracemalloc

    x = sparse.random(800, 20_000, density=0.0005, format="csr", random_state=0)
    y = np.arange(800) % 2
    model = NetworkClassifier((4,), max_iter=2, random_state=0)
    tracemalloc.start()
    try:
        model.fit(x, y).predict(x)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.3 * 800 * 20_000 * 4


def test_without_shuffling_examples_come_in_their_order() -> None:
    ordered, drawn = (classifier(batch_size=50, max_iter=1, shuffle=shuffle, solver="sgd", momentum=0.0, alpha=0)
                      for shuffle in (False, True))  # fmt: skip
    start = ordered.fit(X, Y).network_.copy()
    start.reset(0)
    for begin in (0, 50, 100):
        start.parameters -= (
            np.float32(0.01)
            * start.gradient(X[begin : begin + 50].astype(np.float32), Y[begin : begin + 50]).parameters
        )
    np.testing.assert_allclose(ordered.network_.parameters, start.parameters, atol=1e-6)
    assert not same(ordered, drawn.fit(X, Y))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_answers_have_the_type_of_the_inputs(dtype: Any) -> None:
    x = X.astype(dtype)
    model = classifier().fit(x, Y)
    probabilities = model.predict_proba(x)
    assert probabilities.dtype == model.predict_log_proba(x).dtype == dtype
    assert NetworkRegressor((4,), max_iter=2).fit(x, x[:, 0]).predict(x).dtype == dtype
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6 if dtype == np.float32 else 1e-12)


def test_numbers_are_taken_as_they_are() -> None:
    model = NetworkRegressor((), solver="sgd", learning_rate_init=1e-5, max_iter=1, random_state=0)
    model.fit(X * 100, X[:, 0])
    [layer] = model.network_.layers
    np.testing.assert_allclose(model.predict(X * 100), X * 100 @ layer.weight[0] + layer.bias[0], rtol=1e-4)


def test_squared_loss_has_sigmoid_outputs_and_probabilities_add_up() -> None:
    model = classifier(loss="squared", optimizer=pl.SGD(1.0)).fit(X, Y)
    assert model.network_.layers[-1].activation == "sigmoid"
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


def test_convolutions_see_rows_as_pictures() -> None:
    x, y = load_digits(return_X_y=True)
    layers = [pl.Conv2d(8, 3, activation="relu"), pl.MaxPool2d(2)]
    model = NetworkClassifier(layers=layers, input_shape=(1, 8, 8), max_iter=10, batch_size=32, random_state=0)
    assert model.fit(x / 16, y).score(x / 16, y) > 0.9


def test_a_loss_of_ones_own() -> None:
    def log_cosh(outputs: Any, targets: Any) -> tuple[Any, Any]:
        away = outputs - targets.reshape(outputs.shape)
        return np.log(np.cosh(away)).mean(), np.tanh(away) / away.size

    doubled = np.concatenate([X, X])  # copies, which would be merged for a loss that takes weights
    model = NetworkRegressor((8,), loss=log_cosh, learning_rate_init=0.01, random_state=0, batch_size=1000)
    assert model.fit(doubled, doubled[:, 0]).score(X, X[:, 0]) > 0.9


def test_it_says_when_it_could_train_on_and_prints_if_asked(capsys: Any) -> None:
    with pytest.warns(ConvergenceWarning, match="max_iter=2 epochs"):
        classifier(max_iter=2, verbose=True).fit(X, Y)
    assert [line.split(",")[0] for line in capsys.readouterr().out.splitlines()] == ["Iteration 1", "Iteration 2"]


def test_a_single_class_is_always_predicted() -> None:
    model = classifier().fit(X, ["only"] * 150)
    assert set(model.predict(X)) == {"only"}
    assert (model.predict_proba(X) == 1).all()
    assert classifier(early_stopping=True, max_iter=3).fit(X, ["only"] * 150).best_validation_score_ <= 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"activation": "swish"}, "activation expected one of"),
        ({"hidden_layer_sizes": (0,)}, "hidden_layer_sizes expected"),
        ({"hidden_layer_sizes": "many"}, "hidden_layer_sizes expected"),
        ({"layers": pl.Dense(3)}, "layers expected a list"),
        ({"layers": [3]}, "expected layers such as"),
        ({"layers": [pl.LSTM(3)]}, "LSTM expected"),
        ({"input_shape": (7, 7)}, "takes inputs of shape"),
        ({"input_shape": "square"}, "input_shape such as"),
        ({"solver": "lbfgs"}, "solver expected one of adam, sgd"),
        ({"optimizer": "newton"}, "optimizer expected one of"),
        ({"loss": "hinge"}, "hinge"),
        ({"loss": 3}, "loss expected"),
        ({"alpha": -1}, "alpha expected"),
        ({"batch_size": "all"}, "batch_size expected"),
        ({"batch_size": 0}, "batch_size expected"),
        ({"learning_rate_init": 0}, "learning_rate_init expected"),
        ({"max_iter": 0}, "max_iter expected"),
        ({"tol": "low"}, "tol expected"),
        ({"n_iter_no_change": 0.5}, "n_iter_no_change expected"),
        ({"momentum": 1.5, "solver": "sgd"}, "momentum expected"),
        ({"beta_1": 2}, "beta1 expected"),
        ({"random_state": -1}, "seed"),
        ({"early_stopping": True, "validation_fraction": 1.5}, "validation_fraction expected"),
    ],
)
def test_parameters_that_mean_nothing_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises((ConfigurationError, ValueError), match=words):
        NetworkClassifier(**options).fit(X, Y)


def test_data_that_mean_nothing_are_refused() -> None:
    with pytest.raises(DataError, match="sample_weight"):
        classifier().fit(X, Y, -np.ones(150))
    with pytest.raises(DataError, match="sample_weight"):
        classifier().fit(X, Y, np.ones(149))
    with pytest.raises(DataError, match="zero"):
        classifier().fit(X, Y, np.zeros(150))
    with pytest.raises(DataError, match="finite"):
        classifier().fit(X * 1e60, Y)
    with pytest.raises(DataError, match="several classes"):
        classifier().fit(X, np.stack([Y, Y], axis=1))
    with pytest.raises(DataError, match="Expected the classes"):
        classifier(warm_start=True).fit(X, Y % 2).fit(X, Y)
    with pytest.raises(DataError, match="one type"):
        classifier().fit(X, np.array(["a", 1, None] * 50, object))
    with pytest.raises(DataError, match="as numbers"):
        NetworkRegressor().fit(X, np.array(["a"] * 150, object))
    with pytest.raises(DataError, match="target values in each row"):
        NetworkRegressor(warm_start=True).fit(X, X).fit(X, Y)
    with pytest.raises(DivergedError):
        classifier(optimizer=pl.SGD(1e30), batch_size=8).fit(X, Y)


def test_partial_fit_needs_to_know_all_classes() -> None:
    with pytest.raises(ConfigurationError, match="classes in its first call"):
        classifier().partial_fit(X, Y)
    model = classifier().partial_fit(X[:50], Y[:50], classes=[0, 1, 2])
    assert model.predict_proba(X).shape == (150, 3)
    with pytest.raises(ConfigurationError, match="classes of its first call"):
        model.partial_fit(X, Y, classes=[0, 1])
    with pytest.raises(DataError, match="Expected the classes"):
        model.partial_fit(X, Y + 1)
    with pytest.raises(ConfigurationError, match="early_stopping=False"):
        classifier(early_stopping=True).partial_fit(X, Y, classes=[0, 1, 2])
    with pytest.raises(ConfigurationError, match="class_weight"):
        classifier(class_weight="balanced").partial_fit(X, Y, classes=[0, 1, 2])

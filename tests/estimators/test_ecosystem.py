"""The estimators among others of scikit-learn: pipelines, searches, calibration, processes, pickles, data frames."""

from __future__ import annotations

import importlib
import io
import pickle
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.6")

import joblib
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pellucid as pl
from cli.processes import call
from pellucid.errors import ConfigurationError
from pellucid.sklearn import NetworkClassifier, NetworkRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)


def classifier(**options: Any) -> NetworkClassifier:
    given = {"learning_rate_init": 0.02, "batch_size": 32, "max_iter": 30, "n_iter_no_change": 30, "random_state": 0}
    return NetworkClassifier((8,), **(given | options))


def test_a_pipeline_and_processes_that_score_it() -> None:
    pipeline = make_pipeline(StandardScaler(), classifier())
    one, two = (cross_val_score(pipeline, X, Y, cv=3, n_jobs=jobs) for jobs in (1, 2))
    assert one.tolist() == two.tolist()
    assert one.mean() > 0.9


def test_a_search_over_sizes_and_optimizers() -> None:
    grid = {
        "networkclassifier__hidden_layer_sizes": [(4,), (8, 4)],
        "networkclassifier__optimizer": [pl.Adam(0.02), pl.Momentum(0.05), "sgd"],
        "networkclassifier__layers": [None, [pl.Dense(8, "tanh")]],
    }
    search = GridSearchCV(make_pipeline(StandardScaler(), classifier()), grid, cv=2).fit(X, Y)
    assert search.best_score_ > 0.9
    assert len(search.cv_results_["params"]) == 12


def test_calibration_bagging_voting_and_several_classes() -> None:
    calibrated = CalibratedClassifierCV(make_pipeline(StandardScaler(), classifier()), cv=3).fit(X, Y)
    assert calibrated.score(X, Y) > 0.9
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)
    assert BaggingClassifier(classifier(), n_estimators=3, random_state=0).fit(X, Y).score(X, Y) > 0.8
    voters = [("one", classifier()), ("other", classifier(random_state=1))]
    assert VotingClassifier(voters, voting="soft").fit(X, Y).score(X, Y) > 0.8
    several = MultiOutputClassifier(classifier()).fit(X, np.stack([Y, Y % 2], axis=1))
    assert several.predict(X).shape == (150, 2)


def test_values_of_another_size_are_transformed() -> None:
    x, y = load_diabetes(return_X_y=True)
    network = NetworkRegressor((16,), learning_rate_init=0.01, batch_size=32, max_iter=20, random_state=0)
    model = TransformedTargetRegressor(make_pipeline(StandardScaler(), network), transformer=StandardScaler())
    assert cross_val_predict(model, x, y, cv=3).std() > 20
    fitted = model.fit(x, y)
    assert fitted.score(x, y) > 0.4
    importance = permutation_importance(fitted, x, y, n_repeats=2, random_state=0).importances_mean
    assert importance.argmax() in (2, 8)  # body mass index, and a serum value


def test_clones_have_the_parameters_and_nothing_learnt() -> None:
    model = classifier(layers=[pl.Dense(3, "tanh")], optimizer=pl.Adam(0.1)).fit(X, Y)
    twin = clone(model)
    assert not hasattr(twin, "network_")
    assert twin.get_params()["optimizer"] == pl.Adam(0.1)
    with pytest.raises(NotFittedError):
        twin.predict(X)
    twin.fit(X, Y)
    assert twin.network_.parameters.tobytes() == model.network_.parameters.tobytes()


@pytest.mark.parametrize("keep", ["pickle", "joblib"])
def test_kept_estimators_answer_and_learn_as_before(keep: str, tmp_path: Path) -> None:
    model = classifier().fit(X, Y)
    if keep == "pickle":
        restored = pickle.loads(pickle.dumps(model))
    else:
        joblib.dump(model, tmp_path / "model.joblib")
        restored = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    assert (restored.predict_proba(X) == model.predict_proba(X)).all()
    for each in (model, restored):
        each.partial_fit(X, Y)
    assert restored.network_.parameters.tobytes() == model.network_.parameters.tobytes()


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_frames_name_the_features_and_the_outputs(kind: str, tmp_path: Path) -> None:
    frames = pytest.importorskip(kind)
    if kind == "polars":
        pytest.importorskip("sklearn", minversion="1.9", reason="older ones do not see the names")
    columns = ["sepal length", "sepal width", "petal length", "petal width"]
    x = frames.DataFrame(dict(zip(columns, X.T, strict=True)))
    y = (
        frames.Series("kind", np.array(["a", "b", "c"])[Y])
        if kind == "polars"
        else frames.Series(np.array(list("abc"))[Y])
    )
    weights = frames.Series(np.ones(150)) if kind == "pandas" else np.ones(150)
    model = classifier().fit(x, y, weights)
    assert model.feature_names_in_.tolist() == columns
    assert set(model.predict(x)) <= set("abc")
    with pytest.raises(ValueError, match="feature names"):
        model.predict(x[columns[::-1]])
    stages = pl.inspect.stages(pl.inspect.backpropagate(model.network_, X[0].astype(np.float32), 0))
    assert any("petal length" in stage.caption for stage in stages)
    values = NetworkRegressor((4,), max_iter=2).fit(x, x[columns[:2]])
    assert values.network_.classes == ("sepal length", "sepal width")
    assert values.predict(x).shape == (150, 2)


def test_names_of_features_go_with_the_saved_network(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["sl", "sw", "pl", "pw"])
    kinds = pandas.Series(np.array(["setosa", "versicolor", "virginica"])[Y], name="kind")
    model = classifier().fit(frame, kinds)
    pl.save(model.network_, tmp_path / "iris.safetensors")
    frame.assign(kind=kinds)[["kind", "pw", "pl", "sw", "sl"]].iloc[:2].to_csv(tmp_path / "rows.csv", index=False)
    done = call("read", "rows.csv", "--model", "iris.safetensors", cwd=tmp_path)
    assert done.stdout.count("setosa") >= 2, done.stderr


def test_the_network_is_recorded_saved_and_loaded() -> None:
    model = classifier(optimizer="momentum").fit(X, Y)
    kept = io.BytesIO()
    assert model.network_.record["epochs"] == 30
    assert model.network_.record["images"] == classifier(batch_size="auto").fit(X, Y).network_.record["images"] == 150
    assert model.network_.record["optimizer"]["kind"] == "momentum"
    pickle.dump(model.network_, kept)
    restored = pickle.loads(kept.getvalue())
    np.testing.assert_array_equal(restored(X.astype(np.float32)).argmax(axis=1), model.predict(X))


def test_a_missing_package_is_named(monkeypatch: Any) -> None:
    package = importlib.import_module("pellucid.sklearn")
    for name in [name for name in sys.modules if name.startswith("pellucid.sklearn.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'pellucid\[sklearn\]'"):
        _ = package.NetworkClassifier
    with pytest.raises(AttributeError, match="no attribute 'Other'"):
        _ = package.Other


def test_no_other_warnings_than_that_of_too_few_epochs() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        classifier(max_iter=2).fit(X, Y)
    assert [each.category for each in caught] == [ConvergenceWarning]

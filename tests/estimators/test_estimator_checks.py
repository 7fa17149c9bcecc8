"""Every check of scikit-learn for estimators, with default parameters and with others; none is expected to fail."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("sklearn", minversion="1.9", reason="today's pytest takes no generators, as older ones give")

from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

import pellucid as pl
from pellucid.engine.compiler.target import plain_python
from pellucid.sklearn import NetworkClassifier, NetworkRegressor

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.skipif(plain_python(), reason="takes too long in plain Python"),
]

ESTIMATORS = [
    NetworkClassifier(),
    NetworkRegressor(),
    NetworkClassifier(layers=[pl.Dense(32, "tanh")], optimizer=pl.Adam(0.01), batch_size=32),
    NetworkRegressor((16, 16), "logistic", solver="sgd", learning_rate_init=0.1, loss="huber", shuffle=False),
]


@parametrize_with_checks(ESTIMATORS)
def test_check(estimator: Any, check: Any) -> None:
    check(estimator)


def test_tags_say_what_the_estimators_take() -> None:
    classifier, regressor = get_tags(NetworkClassifier()), get_tags(NetworkRegressor())
    assert classifier.classifier_tags.multi_label
    assert not classifier.target_tags.multi_output
    assert regressor.target_tags.multi_output
    assert classifier.input_tags.sparse
    assert regressor.input_tags.sparse
    for tags in (classifier, regressor):
        assert not tags.non_deterministic
        assert not tags.no_validation
    assert not classifier.classifier_tags.poor_score
    assert not regressor.regressor_tags.poor_score

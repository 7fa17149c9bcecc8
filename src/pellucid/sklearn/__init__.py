"""Estimators for scikit-learn, which is an optional package: ``pip install 'pellucid[sklearn]'``.

>>> from sklearn.datasets import load_iris
>>> from sklearn.pipeline import make_pipeline
>>> from sklearn.preprocessing import StandardScaler
>>> from pellucid.sklearn import NetworkClassifier
>>> measurements, kinds = load_iris(return_X_y=True)
>>> model = make_pipeline(StandardScaler(), NetworkClassifier((16,), learning_rate_init=0.01, random_state=0))
>>> bool(model.fit(measurements, kinds).score(measurements, kinds) > 0.9)
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pellucid.errors import ConfigurationError

if TYPE_CHECKING:
    from pellucid.sklearn.classifier import NetworkClassifier as NetworkClassifier
    from pellucid.sklearn.regressor import NetworkRegressor as NetworkRegressor

_HOMES = {"NetworkClassifier": "classifier", "NetworkRegressor": "regressor"}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        home = import_module(f"{__name__}.{_HOMES[name]}")
    except ImportError as error:
        raise ConfigurationError(
            f"pellucid.sklearn needs scikit-learn 1.6 or newer ({error}): pip install 'pellucid[sklearn]'."
        ) from error
    return getattr(home, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})

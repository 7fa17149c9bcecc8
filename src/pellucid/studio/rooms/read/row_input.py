"""The row of features at the inputs, in the units of the data."""

from __future__ import annotations

import numpy as np

from pellucid.data.columns import Vector
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.state.session_state import SessionState


def typical_row(state: SessionState) -> Vector:
    """Return the mean of the training rows, as the first layer takes it."""
    mean: Vector = state.flat("train", slice(None)).mean(axis=0, dtype=np.float64).astype(np.float32)
    return mean


def set_features(state: SessionState, features: list[int], values: list[float]) -> Vector:
    """Return the present row with other values for some of its features, as the first layer takes it."""
    columns = state.form.columns
    if columns is None:
        raise RefusedError("bad_value", "Expected a drawing, which this network takes, got the features of a row.")
    if len(features) != len(values) or len(set(features)) != len(features):
        raise RefusedError("bad_value", "Expected one value for each feature, and each feature once: send pairs.")
    if max(features) >= len(columns.features):
        raise RefusedError("bad_value", f"Expected features up to {len(columns.features) - 1}, got {max(features)}.")
    row = columns.restore(state.inputs)
    row[features] = values
    inputs = state.inputs.copy()
    with np.errstate(over="ignore"):
        inputs[features] = columns.prepare(row)[features]
    if not np.isfinite(inputs).all():
        raise RefusedError(
            "bad_value", "Expected values that stay finite when they are standardised: type smaller ones."
        )
    return inputs

"""Metrics of one's own: functions of all outputs and targets of the validation data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pellucid.data.stream import Stream
from pellucid.errors import ConfigurationError
from pellucid.network.network import Network
from pellucid.system.arguments import takes

Metric = Callable[[Any, Any], float]
"""Takes the outputs (N, K) and the targets of all validation examples, classes (N,) or values (N, ...); for sequences,
lists of outputs (T, K) or (K,) and of labels. Returns a number."""


def checked_metrics(metrics: Mapping[str, Metric] | None, data: Any) -> dict[str, Metric]:
    """Metrics by name, for validation on ``data``.

    Raises
    ------
    ConfigurationError
        If they are no functions by name, or if there is no validation data with all inputs and targets.
    """
    if metrics is None:
        return {}
    if not isinstance(metrics, Mapping) or not all(isinstance(k, str) and takes(v, 2) for k, v in metrics.items()):
        raise ConfigurationError(
            'metrics expected functions (outputs, targets) -> number by name, such as {"f1": f1}; '
            f"got {type(metrics).__name__}."
        )
    if metrics and data is None:
        raise ConfigurationError("metrics expected validation data: pass validation to run.")
    if metrics and isinstance(data, Stream):
        raise ConfigurationError("metrics expected validation data with all targets, a Dataset, got a Stream.")
    return dict(metrics)


def outputs_and_targets(net: Network, data: Any) -> tuple[Any, Any]:
    """What a metric takes, for a `pellucid.data.Dataset` or `pellucid.data.Sequences`."""
    if net.program.takes_sequences:
        return net([frames for frames, _ in data]), data.labels
    return net(data.images), data.targets


def measured(metrics: Mapping[str, Metric], outputs: Any, targets: Any) -> dict[str, float]:
    """What every metric says of these outputs.

    Raises
    ------
    ConfigurationError
        If one does not return a number.
    """
    found = {}
    for name, metric in metrics.items():
        value = np.asarray(metric(outputs, targets))
        if value.shape != () or value.dtype.kind not in "fiub":
            raise ConfigurationError(
                f"The metric {name} expected to return one number, returned {value.dtype} of shape {value.shape}."
            )
        found[name] = float(value)
    return found

"""Names of classes: those of validation data are those of the network."""

from __future__ import annotations

from typing import Any

from pellucid.errors import ConfigurationError
from pellucid.network.configuration import default_names, listed
from pellucid.network.network import Network


def check_classes(net: Network, data: Any) -> None:
    """Raise if validation data name other classes than the network, which has its names from the training data."""
    names = tuple(data.classes)
    if names != default_names(len(names)) and net.classes[: len(names)] != names:
        raise ConfigurationError(
            f"The network's classes are {listed(net.classes)}; those of the data are {listed(names)}: use the same "
            "names for training and validation."
        )

"""Which room the network of ``--model`` belongs to: those of sequences are heard in Listen."""

from __future__ import annotations

from pathlib import Path

from pellucid.network.files import load
from pellucid.network.network import Network
from pellucid.studio.rooms.listen.hearer import Hearer


def sequence_network(model: str | None) -> tuple[Network, str] | None:
    """Return the network of sequences that ``model`` names, and its name; None for any other network.

    Raises
    ------
    RefusedError
        If Listen can play nothing to it.
    """
    if model is None:
        return None
    net = load(model)
    if not net.program.takes_sequences:
        return None
    hearer = Hearer(net, Path(model).name)
    return hearer.net, hearer.name

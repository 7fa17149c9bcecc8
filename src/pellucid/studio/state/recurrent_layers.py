"""The layers of a network of sequences as the page shows them: their names, units and quantities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.layers.recurrent import Recurrent
from pellucid.network.network import Network
from pellucid.programs.sequences_trace import GRUTrace, LSTMTrace, RNNTrace
from pellucid.studio.protocol.listen import ListenLayer

Floats = npt.NDArray[np.float32]

_QUANTITIES = {"lstm": ("i", "f", "g", "o", "c", "h"), "gru": ("r", "z", "q", "n", "h"), "rnn": ("h",)}
_TITLES = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN", "dense": "dense"}


def listen_layers(net: Network) -> list[ListenLayer]:
    """Describe the layers whose values can be seen."""
    found = []
    for number, layer in enumerate(net.layers):
        recurrent = isinstance(layer, Recurrent)
        units = layer.hidden_size if isinstance(layer, Recurrent) else int(layer.output_shape(layer.input_shape)[-1])
        directions = 2 if isinstance(layer, Recurrent) and layer.bidirectional else 1
        names = list(_QUANTITIES[layer.kind]) if recurrent else ["z", "a"]
        title = f"layer {number + 1}, {_TITLES.get(layer.kind, layer.kind)}"
        found.append(ListenLayer(number, title, layer.describe(), units, directions, names))
    return found


def values_of(seen: Any) -> list[Floats]:
    """Return all values of a traced layer, in the order of its quantities: (steps, units) each."""
    if isinstance(seen, LSTMTrace | GRUTrace | RNNTrace):
        found = [getattr(seen, name) for name in _QUANTITIES[seen.layer.kind]]
    else:
        found = [seen.sums, seen.activations]
    return [np.atleast_2d(each) for each in found]

"""Layers: configuration, shapes, initialisation, and each layer's line in the engine's program."""

from pellucid.layers.dense import Dense as Dense
from pellucid.layers.layer import Layer as Layer
from pellucid.layers.lstm import LSTM as LSTM

LAYERS: dict[str, type[Layer]] = {layer.kind: layer for layer in (Dense, LSTM)}
"""Every kind of layer by the name it has in files."""

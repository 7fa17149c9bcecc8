"""Layers: configuration, shapes, initialisation, and each layer's line in the engine's program."""

from pellucid.layers.dense import Dense as Dense
from pellucid.layers.layer import Layer as Layer

LAYERS: dict[str, type[Layer]] = {layer.kind: layer for layer in (Dense,)}
"""Every kind of layer by the name it has in files."""

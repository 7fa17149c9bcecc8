"""Layers: configuration, shapes, initialisation and named views of the parameters."""

from pellucid.layers.conv2d import Conv2d as Conv2d
from pellucid.layers.dense import Dense as Dense
from pellucid.layers.dropout import Dropout as Dropout
from pellucid.layers.flatten import Flatten as Flatten
from pellucid.layers.gru import GRU as GRU
from pellucid.layers.layer import Layer as Layer
from pellucid.layers.lstm import LSTM as LSTM
from pellucid.layers.pool2d import AvgPool2d as AvgPool2d
from pellucid.layers.pool2d import MaxPool2d as MaxPool2d
from pellucid.layers.rnn import RNN as RNN

LAYERS: dict[str, type[Layer]] = {
    layer.kind: layer for layer in (Dense, Conv2d, MaxPool2d, AvgPool2d, Flatten, Dropout, LSTM, GRU, RNN)
}
"""Every kind of layer by its name in files."""

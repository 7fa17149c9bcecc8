"""Neural networks you can see through: small, open to look at, and trained on a CPU in a second.

>>> import pellucid as pl
>>> digits = pl.data.load("digits")
>>> net = pl.Network([pl.Dense(16, "sigmoid"), pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")],
...                  input_shape=(28, 28), seed=0)
>>> net.parameter_count
13002
>>> trainer = pl.Trainer(net, digits.train, optimizer=pl.SGD(1.0), batch_size=32, seed=0)
>>> for event in trainer.run(epochs=10, validation=digits.test):
...     pass
>>> bool(event.test_accuracy > 0.9)
True
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pellucid.system.version import __version__ as __version__

if TYPE_CHECKING:
    from pellucid import data as data
    from pellucid import inspect as inspect
    from pellucid import plot as plot
    from pellucid.errors import ConfigurationError as ConfigurationError
    from pellucid.errors import DataError as DataError
    from pellucid.errors import DivergedError as DivergedError
    from pellucid.errors import DownloadError as DownloadError
    from pellucid.errors import FileFormatError as FileFormatError
    from pellucid.errors import PellucidError as PellucidError
    from pellucid.errors import ShapeError as ShapeError
    from pellucid.exports.export import export as export
    from pellucid.exports.onnx_file import to_onnx as to_onnx
    from pellucid.layers import GRU as GRU
    from pellucid.layers import LSTM as LSTM
    from pellucid.layers import RNN as RNN
    from pellucid.layers import AvgPool2d as AvgPool2d
    from pellucid.layers import Conv2d as Conv2d
    from pellucid.layers import Dense as Dense
    from pellucid.layers import Dropout as Dropout
    from pellucid.layers import Flatten as Flatten
    from pellucid.layers import MaxPool2d as MaxPool2d
    from pellucid.network.files import from_onnx as from_onnx
    from pellucid.network.files import load as load
    from pellucid.network.files import save as save
    from pellucid.network.network import Network as Network
    from pellucid.network.prediction import Reading as Reading
    from pellucid.notebook.widget import widget as widget
    from pellucid.speech import hear as hear
    from pellucid.studio.sharing.offline_page import share as share
    from pellucid.training.augmentation import Augment as Augment
    from pellucid.training.groups import Group as Group
    from pellucid.training.optimizers import SGD as SGD
    from pellucid.training.optimizers import Adam as Adam
    from pellucid.training.optimizers import AdamW as AdamW
    from pellucid.training.optimizers import Momentum as Momentum
    from pellucid.training.optimizers import RMSprop as RMSprop
    from pellucid.training.parallel import train_many as train_many
    from pellucid.training.recipe import Recipe as Recipe
    from pellucid.training.schedules import Constant as Constant
    from pellucid.training.schedules import Cosine as Cosine
    from pellucid.training.schedules import Step as Step
    from pellucid.training.schedules import WarmUp as WarmUp
    from pellucid.training.search import search as search
    from pellucid.training.sharded import ShardedTrainer as ShardedTrainer
    from pellucid.training.trainer import Trainer as Trainer

_HOMES = {
    "Network": "network.network",
    **dict.fromkeys(
        ("Dense", "Conv2d", "MaxPool2d", "AvgPool2d", "Flatten", "Dropout", "LSTM", "GRU", "RNN"), "layers"
    ),
    "Trainer": "training.trainer",
    "train_many": "training.parallel",
    "Recipe": "training.recipe",
    "search": "training.search",
    "ShardedTrainer": "training.sharded",
    "SGD": "training.optimizers",
    "Momentum": "training.optimizers",
    "Adam": "training.optimizers",
    "AdamW": "training.optimizers",
    "RMSprop": "training.optimizers",
    "Constant": "training.schedules",
    "Step": "training.schedules",
    "Cosine": "training.schedules",
    "WarmUp": "training.schedules",
    "Augment": "training.augmentation",
    "Group": "training.groups",
    "save": "network.files",
    "load": "network.files",
    "from_onnx": "network.files",
    "to_onnx": "exports.onnx_file",
    "export": "exports.export",
    "share": "studio.sharing.offline_page",
    "widget": "notebook.widget",
    "Reading": "network.prediction",
    "hear": "speech",
    **dict.fromkeys(
        (
            "PellucidError",
            "ShapeError",
            "DataError",
            "DownloadError",
            "FileFormatError",
            "ConfigurationError",
            "DivergedError",
        ),
        "errors",
    ),
}

_ROOMS = ("data", "inspect", "plot")

__all__ = ["__version__", "data", "inspect", "plot", *_HOMES]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"pellucid.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'pellucid' has no attribute {name!r}")
    return getattr(importlib.import_module(f"pellucid.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)

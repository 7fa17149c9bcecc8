"""The images inside a shared page: some to learn from, some held out, and how they are packed."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data.dataset import Dataset, TrainTest
from pellucid.data.digits import load_digits
from pellucid.errors import ConfigurationError
from pellucid.network.network import Network
from pellucid.studio.sharing.limits import MAX_CLASSES, MAX_EXAMPLES, MAX_VALUES
from pellucid.studio.state.edited_network import EditedNetwork
from pellucid.studio.state.input_form import InputForm

Levels = NDArray[np.uint8]


def examples_for(net: Network, form: InputForm, data: TrainTest | None, count: int) -> TrainTest | None:
    """Return the images for the page of a network, as many of each class as in the data.

    Parameters
    ----------
    net : Network
    form : InputForm
        The form of its inputs.
    data : TrainTest or None
        Where they are taken from; by default the embedded digits, where the network reads these.
    count : int
        Number of training images; half as many are held out.

    Returns
    -------
    TrainTest or None
        None for none: where the network does not read digits, or `count` is 0.

    Raises
    ------
    ConfigurationError
        If the network does not read the given images, or there are too many of them.
    """
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or not 0 <= count <= MAX_EXAMPLES:
        raise ConfigurationError(f"share expected examples to be a number from 0 to {MAX_EXAMPLES:,}, got {count!r}.")
    if data is not None and not isinstance(data, TrainTest):
        raise ConfigurationError(
            f"share expected data as pl.data.load returns it, training and held-out images, got {type(data).__name__}."
        )
    given = load_digits() if data is None else data
    fault = _fault(net, form, given)
    if fault is not None and data is not None:
        raise ConfigurationError(f"share expected images that the network reads: {fault}")
    if fault is not None or count == 0:
        return None
    chosen = TrainTest(_some(given.train, int(count)), _some(given.test, max(1, int(count) // 2)))
    if (len(chosen.train) + len(chosen.test)) * form.size > MAX_VALUES:
        raise ConfigurationError(
            f"share expected at most {MAX_VALUES:,} pixels in all images, got {len(chosen.train):,} + "
            f"{len(chosen.test):,} images of {form.size:,}: ask for fewer examples."
        )
    return chosen


def _fault(net: Network, form: InputForm, data: TrainTest) -> str | None:
    """Return why a network does not read images; None if it does."""
    classes = list(data.train.classes)
    if not data.train.has_classes or not data.test.has_classes:
        return "these have values instead of classes."
    if len(classes) > MAX_CLASSES:
        return f"these have {len(classes)} classes, and a page holds at most {MAX_CLASSES}."
    if list(net.classes) != classes:
        return f"its classes are {_listed(net.classes)}, theirs {_listed(classes)}."
    if int(np.prod(data.train.shape)) != form.size or len(data.train.shape) < 2:
        return f"it takes {form.shape}, and their shape is {data.train.shape}."
    return None


def _listed(names: Any) -> str:
    shown = ", ".join(str(name) for name in list(names)[:12]) or "none"
    return shown + (", …" if len(names) > 12 else "")


def _some(data: Dataset, count: int) -> Dataset:
    """Return so many examples, with the share of each class, or all."""
    return data if count >= len(data) else data.split(count / len(data))[0]


def levels_of(data: Dataset) -> Levels:
    """Return the images as bytes (N, D): 0 is paper, 255 full ink; levels in between are rounded."""
    low, high = data.unit_range
    flat = np.asarray(data.images).reshape(len(data), -1)
    if flat.dtype == np.uint8 and (low, high) == (0, 255):
        return flat.astype(np.uint8, copy=False)
    found: Levels = np.rint(np.clip((flat.astype(np.float32) - low) / (high - low), 0, 1) * 255).astype(np.uint8)
    return found


def described(examples: TrainTest, edited: EditedNetwork) -> dict[str, Any]:
    """Return the examples as the page reads them; the field names are those of ``web/src/offline/examples.ts``.

    Packed are, one after another: the labels (N,), one bit for each pixel that has ink, and the levels of these pixels.
    """
    train, test = examples
    levels = np.concatenate([levels_of(train), levels_of(test)])
    labels = np.concatenate([train.labels, test.labels]).astype(np.uint8)
    packed = labels.tobytes() + np.packbits(levels > 0, axis=None).tobytes() + levels[levels > 0].tobytes()
    name = train.name.removesuffix(" (train)")
    return {
        "name": name,
        "source": train.source or "",
        "licence": train.licence or "",
        "train": len(train),
        "test": len(test),
        "seen": edited.has_seen(name),
        "packed": base64.b64encode(zlib.compress(packed, 9)).decode("ascii"),
    }

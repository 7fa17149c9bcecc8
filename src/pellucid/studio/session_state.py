"""What the rooms of one session work on together: the network, the data, the picture that is read, the way out."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from pellucid.data.dataset import Dataset, TrainTest
from pellucid.network.network import Network
from pellucid.programs.feed import Feed
from pellucid.programs.image_program import checked_labels
from pellucid.programs.images import to_unit
from pellucid.programs.traces import LayerTrace, Trace
from pellucid.studio import events
from pellucid.studio.dataset_catalog import DatasetCatalog
from pellucid.studio.edited_network import SIDE, EditedNetwork
from pellucid.studio.frames import Payload, frame
from pellucid.studio.outbox import Outbox
from pellucid.studio.parts import DataInfo, Part
from pellucid.studio.refusal import RefusedError

Pixels = NDArray[np.float32]


@dataclass
class Judgement:
    """How well a version of the network reads the images held out."""

    version: int
    loss: float
    accuracy: float


class SessionState:
    """State that belongs to no room alone.

    Attributes
    ----------
    edited : EditedNetwork
    data : TrainTest
    pixels : ndarray (28, 28)
        What stands at the inputs, 0 to 1.
    label : int or None
        The class of that picture, where it is known.
    """

    def __init__(self, catalog: DatasetCatalog, edited: EditedNetwork) -> None:
        self.catalog = catalog
        self.outbox = Outbox()
        self.pixels: Pixels = np.zeros((SIDE, SIDE), np.float32)
        self.label: int | None = None
        self.data_name = catalog.suited(edited.net.output_shape[0])
        self.data: TrainTest = catalog.data(self.data_name)
        self.edited = edited
        self.baseline = 0.0
        self._judgement: Judgement | None = None
        self._readings: dict[Part, tuple[int, NDArray[np.float32]]] = {}
        self.take_up(edited)

    def take_up(self, edited: EditedNetwork) -> None:
        """Look at another network."""
        self.check(edited.net)
        self.edited = edited
        self._readings.clear()
        self.baseline = self.judgement().accuracy

    def check(self, net: Network) -> None:
        """Refuse a network whose outputs are not the data's classes."""
        wanted, got = len(self.data.test.classes), net.output_shape[0]
        if wanted != got:
            raise RefusedError("bad_value", f"The data have {wanted} classes, but the network has {got} outputs.")

    def use_data(self, name: str) -> None:
        """Judge by and learn from another data set."""
        self.data, self.data_name = self.catalog.data(name), name
        self._judgement = None
        self._readings.clear()

    def part(self, name: Part) -> Dataset:
        """Part of the data set."""
        return self.data.train if name == "train" else self.data.test

    def unit(self, name: Part, indices: NDArray[np.intp]) -> Pixels:
        """Images of the data set as 0 to 1, (n, 28, 28)."""
        data = self.part(name)
        return to_unit(data.images[indices].reshape(len(indices), SIDE * SIDE), data.level_range).reshape(
            -1, SIDE, SIDE
        )

    def trace(self) -> Trace[LayerTrace]:
        """The network, switched neurons and all, at work on the present picture."""
        return self.edited.effective.trace(self.levels(self.edited.net, self.pixels))

    @staticmethod
    def levels(net: Network, unit: Pixels) -> Pixels:
        """Pixels from 0 to 1 as the levels that the network was made for; any leading axes."""
        low, high = net.level_range or (0.0, 1.0)
        levels = np.float32(low) + unit * np.float32(high - low)
        return levels.reshape(*unit.shape[:-2], *net.input_shape)

    def judgement(self) -> Judgement:
        """Loss and accuracy on the images held out; told once for each version."""
        version = self.edited.version
        if self._judgement is None or self._judgement.version != version:
            loss, accuracy = self.judge(self.edited.effective)
            self._judgement = Judgement(version, loss, accuracy)
        return self._judgement

    def judge(self, net: Network) -> tuple[float, float]:
        """Mean loss and accuracy of any network of the same outputs."""
        test = self.data.test
        labels = checked_labels(test.labels, len(test), net.output_shape[0])
        with np.errstate(all="ignore"):
            return net.program.evaluate(Feed.of(test), labels, self.edited.loss)

    def outputs(self, part: Part) -> NDArray[np.float32]:
        """What the network says of every image of a part, (N, K)."""
        version, found = self._readings.get(part, (-1, None))
        if found is None or version != self.edited.version:
            data, net = self.part(part), self.edited.effective
            lines = data.images
            if net.level_range is not None:
                lines = self.levels(net, self.unit(part, np.arange(len(data))))
            found = net(lines)
            self._readings[part] = self.edited.version, found
        return found

    def data_info(self) -> DataInfo:
        """What the page is told of the data."""
        train, test = self.data
        return DataInfo(self.data_name, len(train), len(test), list(test.classes))

    def tell(self, event: msgspec.Struct, payload: Payload | None = None, key: str | None = None) -> None:
        """Send an event; with a key it replaces one of the same key that has not been fetched yet."""
        if self.outbox.attached:
            self.outbox.put(frame(event, payload), key)

    def tell_network(self, request: int) -> None:
        """What the network is, and its knobs."""
        self.tell(events.Network(request, self.edited.info(), self.data_info()))
        self.tell_parameters(request)

    def tell_parameters(self, request: int) -> None:
        """All knobs as they stand."""
        payload, edited = Payload(), self.edited
        knobs = payload.put(edited.net.parameters)
        effective = payload.put(edited.effective.parameters) if edited.factors else None
        self.tell(events.Parameters(request, edited.version, knobs, effective, payload.put(edited.trained)), payload)

    def tell_judged(self, request: int) -> None:
        """How well the network reads what is held out."""
        found, total = self.judgement(), len(self.data.test)
        right = round(found.accuracy * total)
        loss, seen = finite(found.loss), self.edited.has_seen(self.data_name)
        self.tell(
            events.Judged(request, found.version, found.accuracy, right, total, loss, self.baseline, seen), key="judged"
        )


def finite(value: float) -> float:
    """``value``, or the largest float32 in place of what JSON has no word for."""
    largest = float(np.finfo(np.float32).max)
    return value if -largest < value < largest else (-largest if value < 0 else largest)

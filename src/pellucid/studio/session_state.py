"""What the rooms of a session share: the network, the data, the picture at the inputs, and the way to the page."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from pellucid.data.dataset import Dataset, TrainTest
from pellucid.data.preparation import Preparation, grey_pictures
from pellucid.network.network import Network
from pellucid.programs.feed import Feed
from pellucid.programs.image_program import checked_labels
from pellucid.programs.images import from_unit, to_unit
from pellucid.programs.traces import LayerTrace, Trace
from pellucid.studio import events
from pellucid.studio.clock import Clock
from pellucid.studio.dataset_catalog import DatasetCatalog
from pellucid.studio.edited_network import SIDE, EditedNetwork
from pellucid.studio.frames import Payload, frame
from pellucid.studio.outbox import Outbox
from pellucid.studio.parts import DataInfo, Part
from pellucid.studio.refusal import RefusedError

Pixels = NDArray[np.float32]


@dataclass
class Evaluation:
    """Loss and accuracy of one version of the network on the held-out images."""

    version: int
    loss: float
    accuracy: float


class SessionState:
    """State that several rooms use.

    Attributes
    ----------
    edited : EditedNetwork
    data : TrainTest
    pixels : ndarray (28, 28)
        The picture at the inputs, 0 to 1.
    label : int or None
        Its class, where it is known.
    baseline : float
        Accuracy before the changes by hand.
    """

    def __init__(self, catalog: DatasetCatalog, edited: EditedNetwork, clock: Clock) -> None:
        self.catalog, self.clock = catalog, clock
        self.outbox = Outbox()
        self.pixels: Pixels = np.zeros((SIDE, SIDE), np.float32)
        self.label: int | None = None
        self.edited = edited
        self._evaluation: Evaluation | None = None
        self._outputs: dict[Part, tuple[int, NDArray[np.float32]]] = {}
        self.data_name = ""
        self.data: TrainTest
        self._use_data_of(edited)
        self.baseline = 0.0
        self.use_network(edited)

    def use_network(self, edited: EditedNetwork) -> None:
        """Use another network, and where it needs them, other data."""
        self._use_data_of(edited)
        self.edited = edited
        self._outputs.clear()
        self.baseline = self.evaluation().accuracy

    def _use_data_of(self, edited: EditedNetwork) -> None:
        """Use the data set that suits a network, prepared as for its training; the present one where it does.

        Raises
        ------
        RefusedError
            If no data set has a class for each of its outputs.
        """
        catalog, net = self.catalog, edited.net
        name = self.data_name
        if not name or self.data.test.classes != net.classes:
            name = catalog.default_for(net.classes)
        data = catalog.data(name, edited.preparation)
        if len(data.test.classes) != net.output_shape[0]:
            raise RefusedError(
                "bad_value",
                f"Expected a network with {len(data.test.classes)} outputs, one for each class of the data, got "
                f"{net.output_shape[0]}: choose other data or another network.",
            )
        self._put_data(name, data)

    def use_data(self, name: str, preparation: Preparation) -> None:
        """Use another data set for training and evaluation."""
        self._put_data(name, self.catalog.data(name, preparation))

    def _put_data(self, name: str, data: TrainTest) -> None:
        if self.data_name and data is self.data:
            return
        self.data, self.data_name = data, name
        self._evaluation = None
        self._outputs = {}

    def raw_ink(self, part: Part, index: int) -> Pixels | None:
        """Return the ink of a picture of the user's own before its centring; None for images centred already."""
        pictures = self.catalog.pictures(self.data_name)
        if pictures is None:
            return None
        grey = grey_pictures((pictures.train if part == "train" else pictures.test)[index : index + 1])[0]
        return self.edited.preparation.ink(grey)

    def part(self, name: Part) -> Dataset:
        """Return a part of the data set."""
        return self.data.train if name == "train" else self.data.test

    def unit(self, name: Part, indices: NDArray[np.intp]) -> Pixels:
        """Return images of the data set, scaled to 0 to 1, (n, 28, 28)."""
        data = self.part(name)
        flat = data.images[indices].reshape(len(indices), SIDE * SIDE)
        return to_unit(flat, data.level_range).reshape(-1, SIDE, SIDE)

    def trace(self) -> Trace[LayerTrace]:
        """Run the network, with its switched neurons, on the present picture."""
        return self.edited.effective.trace(self.levels(self.edited.net, self.pixels))

    @staticmethod
    def levels(net: Network, unit: Pixels) -> Pixels:
        """Scale pixels from 0 to 1 to the level range of a network; any leading axes."""
        return from_unit(unit, net.level_range).reshape(*unit.shape[:-2], *net.input_shape)

    def evaluation(self) -> Evaluation:
        """Return loss and accuracy on the held-out images, computed once for each version."""
        version = self.edited.version
        if self._evaluation is None or self._evaluation.version != version:
            loss, accuracy = self.evaluate(self.edited.effective)
            self._evaluation = Evaluation(version, loss, accuracy)
        return self._evaluation

    def evaluate(self, net: Network) -> tuple[float, float]:
        """Return mean loss and accuracy on the held-out images of any network with the same outputs."""
        test = self.data.test
        labels = checked_labels(test.labels, len(test), net.output_shape[0])
        with np.errstate(all="ignore"):
            return net.program.evaluate(Feed.of(test), labels, self.edited.loss)

    def outputs(self, part: Part) -> NDArray[np.float32]:
        """Return the network's outputs for every image of a part, (N, K)."""
        version, found = self._outputs.get(part, (-1, None))
        if found is None or version != self.edited.version:
            data, net = self.part(part), self.edited.effective
            images = data.images
            if net.level_range is not None:
                images = self.levels(net, self.unit(part, np.arange(len(data))))
            found = net(images)
            self._outputs[part] = self.edited.version, found
        return found

    def data_info(self) -> DataInfo:
        """Describe the data for the page."""
        train, test = self.data
        catalog, name = self.catalog, self.data_name
        return DataInfo(name, len(train), len(test), list(test.classes), catalog.digest(name), catalog.is_raw(name))

    def send(self, event: msgspec.Struct, payload: Payload | None = None, key: str | None = None) -> None:
        """Send an event; it replaces an earlier one with the same key that is still waiting."""
        if self.outbox.attached:
            self.outbox.put(frame(event, payload), key)

    def send_network(self, request: int) -> None:
        """Send the network and its knobs."""
        self.send(events.Network(request, self.edited.info(), self.data_info()))
        self.send_parameters(request)

    def send_parameters(self, request: int) -> None:
        """Send all knobs."""
        payload, edited = Payload(), self.edited
        knobs = payload.put(edited.net.parameters)
        effective = payload.put(edited.effective.parameters) if edited.factors else None
        trained = payload.put(edited.trained)
        opened = None if edited.opened is edited.trained else payload.put(edited.opened)
        self.send(events.Parameters(request, edited.version, knobs, effective, trained, opened), payload)

    def send_evaluation(self, request: int) -> None:
        """Send loss and accuracy on the held-out images."""
        found, total = self.evaluation(), len(self.data.test)
        right = round(found.accuracy * total)
        loss, seen = finite(found.loss), self.edited.has_seen(self.data_name)
        self.send(
            events.Judged(request, found.version, found.accuracy, right, total, loss, self.baseline, seen), key="judged"
        )


def finite(value: float) -> float:
    """Return ``value``, or the nearest float32, in place of infinity and NaN, which JSON cannot express."""
    largest = float(np.finfo(np.float32).max)
    return value if -largest < value < largest else (-largest if value < 0 else largest)

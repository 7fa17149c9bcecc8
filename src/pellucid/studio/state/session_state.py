"""What the rooms of a session share: the network, the data, the picture at the inputs, and the way to the page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from pellucid.data.dataset import Dataset, TrainTest
from pellucid.data.preparation import grey_pictures
from pellucid.inspect.grey_levels import rounded, with_grey_levels
from pellucid.inspect.value_fit import fit
from pellucid.network.network import Network
from pellucid.programs.feed import Feed
from pellucid.programs.images import from_unit, to_unit
from pellucid.programs.traces import LayerTrace, Trace
from pellucid.studio.protocol import events
from pellucid.studio.protocol.frames import Payload, frame
from pellucid.studio.protocol.parts import DataInfo, Loss, Part, ValueRange
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.state.activity import Activity
from pellucid.studio.state.class_rules import ClassRules, locked
from pellucid.studio.state.clock import Clock
from pellucid.studio.state.dataset_catalog import DIGITS, DatasetCatalog
from pellucid.studio.state.edited_network import EditedNetwork
from pellucid.studio.state.input_form import InputForm, input_form, ranges_of
from pellucid.studio.state.outbox import Outbox

Inputs = NDArray[np.float32]


@dataclass
class Evaluation:
    """Loss and accuracy of one version of the network on the held-out images."""

    version: int
    loss: float
    accuracy: float


class _Traced(NamedTuple):
    """A trace, and what it is of. Inputs are replaced, never changed in place."""

    edited: EditedNetwork
    version: int
    inputs: Inputs
    trace: Trace[LayerTrace]


class SessionState:
    """State that several rooms use.

    Attributes
    ----------
    edited : EditedNetwork
    data : TrainTest
    form : InputForm
        What the network takes.
    given : ndarray, of the form's shape
        The picture or the row that was put in, as the first layer takes it: pixels from 0 to 1, or numbers.
    label : int or None
        Its class, where it is known.
    targets : ndarray (K,) or None
        Its target values, where they are known.
    baseline : float
        Accuracy before the changes by hand.
    rules : ClassRules or None
        Those of a class, in which the data stay what they are.
    activity : Activity
        What was done, for lessons to check.
    """

    def __init__(
        self, catalog: DatasetCatalog, edited: EditedNetwork, clock: Clock, rules: ClassRules | None = None
    ) -> None:
        self.catalog, self.clock, self.rules = catalog, clock, rules
        self.outbox = Outbox()
        self.activity = Activity()
        self.given: Inputs = np.zeros(0, np.float32)
        self.label: int | None = None
        self.targets: Inputs | None = None
        self.edited = edited
        self._traced: _Traced | None = None
        self._evaluation: Evaluation | None = None
        self._outputs: dict[Part, tuple[int, NDArray[np.float32]]] = {}
        self._rounded: tuple[Dataset, int, Dataset] | None = None
        self.data_name = ""
        self.data: TrainTest
        self.form: InputForm
        self._ranges: list[ValueRange] = []
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
            If no data set has its inputs, and a class or a value for each of its outputs.
        """
        catalog, net = self.catalog, edited.net
        name: str | None = self.data_name
        if not name or not catalog.suits(name, edited, named=True):
            name = catalog.default_for(edited)
        if name is None:
            raise RefusedError(
                "bad_value",
                f"Expected a network for the data on this machine ({', '.join(catalog.data_sets)}), got one with "
                f"{math.prod(net.input_shape):,} inputs for {net.output_shape[0]} "
                f"{'values' if edited.predicts_values else 'classes'}: start the studio with its data (--data).",
            )
        self._put_data(name, edited)

    def use_data(self, name: str, edited: EditedNetwork) -> None:
        """Use another data set for training and evaluation, prepared as for a network."""
        self._put_data(name, edited)

    def check_data(self, name: str) -> None:
        """Refuse other data than the present ones in a class."""
        if self.rules is not None and self.data_name and name != self.data_name:
            raise locked(f"the data stay {self.data_name!r} and cannot be changed to {name[:100]!r}")

    def _put_data(self, name: str, edited: EditedNetwork) -> None:
        self.check_data(name)
        data = self.catalog.data(name, edited.preparation, edited.columns)
        if self.data_name and data is self.data:
            return
        self.data, self.data_name = data, name
        self.form = input_form(edited.net, data.train)
        if self.form.columns is not None:
            self._ranges = ranges_of(self.form.columns.restore(self.flat("train", slice(None))))
        self._evaluation = None
        self._outputs = {}

    def raw_ink(self, part: Part, index: int) -> Inputs | None:
        """Return the ink of a picture of the user's own before its centring; None for images centred already."""
        pictures = self.catalog.pictures(self.data_name)
        if pictures is None:
            return None
        grey = grey_pictures((pictures.train if part == "train" else pictures.test)[index : index + 1])[0]
        return self.edited.preparation.ink(grey)

    def part(self, name: Part) -> Dataset:
        """Return a part of the data set."""
        return self.data.train if name == "train" else self.data.test

    @property
    def inputs(self) -> Inputs:
        """What is read: that which was put in, with its pixels rounded to the grey levels."""
        return self.with_grey(self.given)

    def with_grey(self, pixels: Inputs) -> Inputs:
        """Round pixels from 0 to 1, of any shape, to the grey levels, if any were chosen."""
        levels = self.edited.grey_levels
        return pixels if levels is None or self.form.columns is not None else rounded(pixels, levels)

    def check_grey(self) -> None:
        """Refuse to round what has no grey levels."""
        if self.form.columns is not None or self.data.test.level_range is None:
            raise RefusedError(
                "bad_value", "Expected a network and data of pictures to round their pixels, got numbers: open others."
            )

    @property
    def test(self) -> Dataset:
        """The held-out images as they are read: those of the data set, with their pixels rounded to the grey levels."""
        return self.rounded(self.data.test)

    def rounded(self, data: Dataset) -> Dataset:
        """Return a data set with its pixels rounded to the grey levels, if any were chosen."""
        levels = self.edited.grey_levels
        if levels is None or self.form.columns is not None:
            return data
        if self._rounded is None or self._rounded[0] is not data or self._rounded[1] != levels:
            self._rounded = data, levels, with_grey_levels(data, levels)
        return self._rounded[2]

    def originals(self, name: Part, indices: NDArray[np.intp] | slice) -> Inputs:
        """Return examples of the data set in the form of the inputs, before their pixels are rounded."""
        data = self.part(name)
        images = data.images[indices]
        return to_unit(images.reshape(len(images), self.form.size), data.unit_range).reshape(-1, *self.form.shape)

    def flat(self, name: Part, indices: NDArray[np.intp] | slice) -> Inputs:
        """Return examples of the data set as they are read, (n, D): levels from 0 to 1, or numbers."""
        return self.unit(name, indices).reshape(-1, self.form.size)

    def unit(self, name: Part, indices: NDArray[np.intp] | slice) -> Inputs:
        """Return the same in the form of the inputs: (n, 28, 28), or any other shape."""
        return self.with_grey(self.originals(name, indices))

    @property
    def row(self) -> Inputs | None:
        """The features of the present row in the units of the data, (D,); None for a drawing."""
        return None if self.form.columns is None else self.form.columns.restore(self.inputs)

    @property
    def has_ink(self) -> bool:
        """Whether there is something to read: a row always, a drawing where it has ink."""
        return self.form.columns is not None or bool(self.inputs.any())

    def trace(self) -> Trace[LayerTrace]:
        """Run the network, with its switched neurons, on the present inputs; once for each version and picture."""
        kept, edited = self._traced, self.edited
        if (
            kept is None
            or kept.version != edited.version
            or kept.edited is not edited
            or kept.inputs is not self.inputs
        ):
            found: Trace[LayerTrace] = edited.effective.trace(self.levels(edited.net, self.inputs))
            kept = self._traced = _Traced(edited, edited.version, self.inputs, found)
        return kept.trace

    def levels(self, net: Network, unit: Inputs) -> Inputs:
        """Scale inputs from 0 to 1 to the level range of a network; any leading axes."""
        leading = unit.shape[: unit.ndim - len(self.form.shape)]
        return from_unit(unit, net.level_range).reshape(*leading, *net.input_shape)

    def inputs_for(self, other: EditedNetwork) -> Inputs:
        """Return the present inputs as another network takes them, whose table may be standardised in another way."""
        row = self.row
        own = self.inputs if row is None or other.columns is None else other.columns.prepare(row)
        return self.levels(other.net, own)

    @property
    def reads_digits(self) -> bool:
        """Whether the classes of the network are the ten digits, drawn on 28x28 pixels."""
        return self.form.is_centred and self.edited.net.classes == DIGITS

    def likeness(self) -> events.Likeness | None:
        """Compare the present picture with the data set, where it has ink and the network reads digits."""
        if not self.reads_digits or not self.inputs.any():
            return None
        known = self.catalog.familiarity(self.data_name, self.edited.preparation)
        return None if known is None else events.Likeness(float(known.distance(self.inputs)), known.limit)

    def evaluation(self) -> Evaluation:
        """Return loss and accuracy on the held-out images, computed once for each version."""
        version = self.edited.version
        if self._evaluation is None or self._evaluation.version != version:
            loss, accuracy = self.evaluate(self.edited.effective)
            self._evaluation = Evaluation(version, loss, accuracy)
        return self._evaluation

    @property
    def is_evaluated(self) -> bool:
        """Whether loss and accuracy of this version are known."""
        return self._evaluation is not None and self._evaluation.version == self.edited.version

    def keep_evaluation(self, found: Evaluation) -> None:
        """Keep what was computed elsewhere for this version."""
        self._evaluation = found

    def evaluate(self, net: Network, loss: Loss | None = None, test: Dataset | None = None) -> tuple[float, float]:
        """Return mean loss and accuracy, or R2 for values, of any network with the same outputs.

        Without a ``loss`` of its own it is that of the present network, and without ``test`` the held-out images, as
        they are read.
        """
        test = test or self.test
        with np.errstate(all="ignore"):
            mean_loss, accuracy = net.program.evaluate(Feed.of(test), test.targets, loss or self.edited.loss)
            if not test.has_classes:
                accuracy = fit(net, test).r_squared
        return mean_loss, finite(accuracy)

    def outputs(self, part: Part) -> NDArray[np.float32]:
        """Return the network's outputs for every image of a part, (N, K)."""
        version, found = self._outputs.get(part, (-1, None))
        if found is None or version != self.edited.version:
            data, net = self.part(part), self.edited.effective
            images = data.images
            if self.edited.grey_levels is not None or net.level_range not in (None, data.unit_range):
                images = self.levels(net, self.unit(part, np.arange(len(data))))
            found = net(images)
            self._outputs[part] = self.edited.version, found
        return found

    def data_info(self) -> DataInfo:
        """Describe the data for the page."""
        train, test = self.data
        catalog, name = self.catalog, self.data_name
        targets = [] if train.has_classes else ranges_of(train.targets)
        features = [] if self.form.columns is None else self._ranges
        return DataInfo(
            name, len(train), len(test), list(test.classes), catalog.digest(name), catalog.is_raw(name), features,
            targets,
        )  # fmt: skip

    def send(self, event: msgspec.Struct, payload: Payload | None = None, key: str | None = None) -> None:
        """Send an event; it replaces an earlier one with the same key that is still waiting."""
        if self.outbox.attached:
            self.outbox.put(frame(event, payload), key)

    def send_network(self, request: int) -> None:
        """Send the network and its knobs."""
        self.send(events.Network(request, self.edited.info(self.form), self.data_info()))
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
        right = round(found.accuracy * total) if self.data.test.has_classes else 0
        loss, seen = finite(found.loss), self.edited.has_seen(self.data_name)
        self.send(
            events.Judged(request, found.version, found.accuracy, right, total, loss, self.baseline, seen), key="judged"
        )


def finite(value: float) -> float:
    """Return ``value``, or the nearest float32, in place of infinity and NaN, which JSON cannot express."""
    largest = float(np.finfo(np.float32).max)
    return value if -largest < value < largest else (-largest if value < 0 else largest)

"""Training on images, or on rows of numbers, with a function as the loss."""

from __future__ import annotations

from typing import Any

from pellucid.data.stream import Stream
from pellucid.errors import ConfigurationError
from pellucid.network.network import Network
from pellucid.programs.image_targets import Supervision
from pellucid.programs.interface import Stepper, StepperOptions
from pellucid.training.function_images import evaluation_by, stepper_by
from pellucid.training.function_loss import LossFunction, name_of
from pellucid.training.image_data import check_shape
from pellucid.training.image_task import ImageTask
from pellucid.training.raw_targets import GivenTargets, as_given, is_classes
from pellucid.training.task import Evaluation, TaskOptions
from pellucid.training.windowed_task import WindowedTask


class FunctionTask(ImageTask):
    """A `pellucid.data.Dataset` for a network of images, with a function as its loss."""

    def __init__(self, net: Network, data: Any, options: TaskOptions) -> None:
        self._function = check_function_options(data, options)
        super().__init__(net, data, options)
        self.loss = name_of(self._function)
        self.measures_accuracy = is_classes(data.targets)

    def _suited(self, data: Any) -> Supervision:
        """The engine is given other targets, see `FunctionStepper`: those of the data need not suit the outputs."""
        check_shape(self._net, data)
        self._net.adopt(data.unit_range, data.classes)
        return Supervision("linear", as_given(data.targets))

    def _stepper(self, supervision: Supervision, *, sparse: bool) -> Stepper:
        stepper = super()._stepper(supervision, sparse=sparse)
        return stepper_by(self._function, self._program, stepper, self._options.stepper("linear"))

    def evaluation(self, data: Any) -> Evaluation:
        """See `Task.evaluation`."""
        return evaluation_by(self._function, self._net, data)


class WindowedFunctionTask(WindowedTask):
    """Examples that do not fit into memory together, with a function as their loss."""

    def __init__(self, net: Network, data: Any, options: TaskOptions) -> None:
        self._function = check_function_options(data, options)
        super().__init__(net, data, options)

    def _stream_targets(self, data: Stream) -> GivenTargets:
        return GivenTargets(name_of(self._function))

    def _supervised(self, data: Any) -> Supervision:
        self.loss = name_of(self._function)
        return Supervision("linear", as_given(data.targets))

    def _measures_accuracy(self) -> bool:
        data = self._data
        return data.has_classes if isinstance(data, Stream) else is_classes(data.targets)

    def _stepper(self, options: StepperOptions) -> Stepper:
        return stepper_by(self._function, self._program, super()._stepper(options), options)

    def evaluation(self, data: Any) -> Evaluation:
        """See `Task.evaluation`."""
        return evaluation_by(self._function, self._net, data)


def check_function_options(data: Any, options: TaskOptions) -> LossFunction:
    """The loss function; raises for what it has no access to."""
    if options.class_weight is not None or options.smoothing or has_weights(data):
        raise ConfigurationError(
            "A loss function has no access to weights and label_smoothing: omit them, or compute them inside it."
        )
    assert options.function is not None
    return options.function


def has_weights(data: Any) -> bool:
    """Whether the examples of a data set or a stream have weights."""
    return getattr(data, "weight", None) is not None or bool(getattr(data, "has_weight", False))

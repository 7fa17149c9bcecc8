"""tinygrad: several steps in one captured graph of its own kernels, or a forward pass."""

from __future__ import annotations

from collections.abc import Iterator
from shutil import which
from typing import Any

import numpy as np

from pellucid.bench.peers.base import InferenceRun, Peer, TrainingRun
from pellucid.bench.peers.torch_compile import steps_a_call
from pellucid.bench.work import ADAM_BETAS, ADAM_EPSILON, MOMENTUM, Floats, InferenceWork, Integers, TrainingWork


class Tinygrad(Peer):
    """`TinyJit` over whole steps, with tinygrad's own optimizers; the batches are tensors before the first run."""

    name = "tinygrad"
    package = "tinygrad"
    modules = ("tinygrad",)
    most_steps = 1000

    def available(self) -> str | None:
        """Its kernels for processors are compiled by clang."""
        if which("clang") is None:
            return "no clang found: tinygrad compiles its kernels with it"
        return super().available()

    def train(self, work: TrainingWork) -> TrainingRun:
        """Capture the steps of full batches, and the short last one separately: graphs have fixed shapes."""
        from tinygrad import Context, Tensor

        parameters = _parameters(work)
        optimizer = _optimizer(work, parameters)
        total = Tensor([0.0]).realize()
        state = [*parameters, *_state(optimizer), total]
        start = [tensor.numpy() for tensor in state]
        calls = _calls(work, parameters, optimizer, total)

        def run() -> float:
            for tensor, values in zip(state, start, strict=True):
                tensor.assign(Tensor(values)).realize()
            with Context(TRAINING=1):
                for take, images, labels in calls:
                    take(images, labels)
            return float(total.item()) / work.count

        run()  # A graph is captured at the second call, and replayed from the third.
        run()
        return run

    def read(self, work: InferenceWork) -> InferenceRun:
        """Capture the forward pass and the softmax."""
        from tinygrad import Tensor, TinyJit

        parameters = _parameters(work)
        rows = [Tensor(image[np.newaxis]).realize() for image in work.images] if work.one_at_a_time else []
        images = Tensor(work.images).realize()

        def forward(x: Any) -> Any:
            return _logits(parameters, x, work.activation).softmax().realize()

        probabilities = TinyJit(forward)

        def run() -> Floats | list[Any]:
            if work.one_at_a_time:
                return [probabilities(row).numpy()[0] for row in rows]
            return np.asarray(probabilities(images).numpy())

        return run


def _parameters(work: TrainingWork | InferenceWork) -> list[Any]:
    from tinygrad import Tensor

    return [Tensor(array).realize() for pair in work.parameters for array in pair]


def _calls(work: TrainingWork, parameters: list[Any], optimizer: Any, total: Any) -> list[tuple[Any, Any, Any]]:
    """Return captured functions in their order, each with its images (steps, size, D) and labels (steps, size)."""
    from tinygrad import Tensor

    def calls(rows: Integers) -> Iterator[tuple[Any, Any, Any]]:
        steps = _steps(work, parameters, optimizer, total)
        for some in rows:
            yield steps, Tensor(work.images[some]).realize(), Tensor(work.labels[some].astype(np.int32)).realize()

    full = work.count // work.batch_size
    whole, rest = work.order[: full * work.batch_size], work.order[full * work.batch_size :]
    several = steps_a_call(full) if full else 1
    made = list(calls(whole.reshape(-1, several, work.batch_size)))
    return [*made, *calls(rest.reshape(-1, 1, len(rest)))] if len(rest) else made


def _optimizer(work: TrainingWork, parameters: list[Any]) -> Any:
    from tinygrad.nn import optim

    if work.optimizer == "adam":
        return optim.Adam(parameters, work.learning_rate, *ADAM_BETAS, ADAM_EPSILON)
    return optim.SGD(parameters, work.learning_rate, MOMENTUM if work.optimizer == "momentum" else 0.0)


def _state(optimizer: Any) -> list[Any]:
    """Return what an optimizer remembers, in a form that can be set back."""
    from tinygrad.nn.state import get_state_dict

    known = {id(tensor) for tensor in optimizer.params}
    return [tensor.realize() for tensor in get_state_dict(optimizer).values() if id(tensor) not in known]


def _logits(parameters: list[Any], a: Any, activation: str) -> Any:
    for index in range(0, len(parameters), 2):
        z = a.linear(parameters[index].T, parameters[index + 1])
        last = index == len(parameters) - 2
        a = z if last else z.relu() if activation == "relu" else z.sigmoid()
    return a


def _steps(work: TrainingWork, parameters: list[Any], optimizer: Any, total: Any) -> Any:
    """Return a captured function that takes some steps and adds their losses to `total`, shape (1,)."""
    from tinygrad import TinyJit

    def steps(images: Any, labels: Any) -> Any:
        for step in range(images.shape[0]):
            optimizer.zero_grad()
            loss = _logits(parameters, images[step], work.activation).sparse_categorical_crossentropy(labels[step])
            loss.backward()
            total.assign(total + loss * images.shape[1])
            # Together, so that the loss is that of the parameters before the step.
            total.realize(*optimizer.schedule_step())
        return total

    return TinyJit(steps)


PEERS = (Tinygrad(),)

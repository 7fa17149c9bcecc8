"""PyTorch, eager: data as tensors in memory, shuffled by indexing; functional layers without loaders and modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pellucid.bench.machine import cores
from pellucid.bench.peers.base import InferenceRun, Peer, TrainingRun
from pellucid.bench.sequence_work import SequenceWork
from pellucid.bench.work import ADAM_BETAS, ADAM_EPSILON, MOMENTUM, Floats, InferenceWork, TrainingWork


class TorchEager(Peer):
    """Autograd and an explicit update, which is faster here than `torch.optim`, fused or foreach."""

    name = "PyTorch"
    package = "torch"
    modules = ("torch",)
    most_steps = 3000
    networks = ("dense", "lenet")

    def train(self, work: TrainingWork) -> TrainingRun:
        """Run the epoch batch by batch."""
        import torch

        images, labels = torch.from_numpy(work.images), torch.from_numpy(work.labels)
        order = torch.from_numpy(work.order)

        def run() -> float:
            torch.set_num_threads(self.threads or cores())
            parameters = tensors(work)
            for tensor in parameters:
                tensor.requires_grad_()
            update = _updater(work, parameters)
            losses = []
            for rows in order.split(work.batch_size):
                logits = forward(parameters, images[rows], work.activation)
                loss = torch.nn.functional.cross_entropy(logits, labels[rows])
                gradients = torch.autograd.grad(loss, parameters)
                with torch.no_grad():
                    update(gradients)
                losses.append(loss.detach())
            return mean_loss(losses, work)

        return run

    def learn(self, work: SequenceWork) -> TrainingRun:
        """Run the epoch batch by batch, with `torch.nn.LSTM`."""
        from pellucid.bench.peers import sequences_torch

        return sequences_torch.learn(work, self.threads)

    def read(self, work: InferenceWork) -> InferenceRun:
        """Run inference without autograd; single images are vectors, sliced beforehand."""
        import torch

        parameters, images = tensors(work), torch.from_numpy(work.images)
        singles = list(images)

        def run() -> Floats | list[Any]:
            torch.set_num_threads(self.threads or cores())
            with torch.inference_mode():
                if work.one_at_a_time:
                    return [_read_one(parameters, image, work.activation) for image in singles]
                return array(forward(parameters, images, work.activation).softmax(-1))

        return run


def tensors(work: TrainingWork | InferenceWork) -> list[Any]:
    """Return new copies of the workload's parameters, weights and biases alternating."""
    import torch

    return [torch.tensor(values) for pair in work.parameters for values in pair]


def forward(parameters: list[Any], a: Any, activation: str) -> Any:
    """Return the logits of images a."""
    import torch

    squash = torch.relu if activation == "relu" else torch.sigmoid
    dense = 0
    if parameters[0].dim() == 4:
        dense, a = 4, _convolved(parameters, a)
    for layer in range(dense, len(parameters) - 2, 2):
        a = squash(torch.nn.functional.linear(a, parameters[layer], parameters[layer + 1]))
    return torch.nn.functional.linear(a, parameters[-2], parameters[-1])


def _convolved(parameters: list[Any], a: Any) -> Any:
    """Return the input of LeNet-5's dense layers for images a (N, 784)."""
    import torch.nn.functional as f

    a = f.conv2d(a.view(-1, 1, 28, 28), parameters[0], parameters[1], padding=2)
    a = f.max_pool2d(f.relu(a, inplace=True), 2)
    a = f.max_pool2d(f.relu(f.conv2d(a, parameters[2], parameters[3]), inplace=True), 2)
    return a.flatten(1)


def _read_one(parameters: list[Any], a: Any, activation: str) -> Any:
    """Apply the network to a vector: `addmv` takes half the time of `linear` here."""
    import torch

    squash = torch.relu_ if activation == "relu" else torch.sigmoid_
    for layer in range(0, len(parameters) - 2, 2):
        a = squash(torch.addmv(parameters[layer + 1], parameters[layer], a))
    return torch.addmv(parameters[-1], parameters[-2], a).softmax(-1)


def mean_loss(losses: list[Any], work: TrainingWork) -> float:
    """Weight each batch's mean loss by its number of images; the last batch may have fewer."""
    import torch

    sizes = torch.full((work.steps,), float(work.batch_size))
    sizes[-1] = work.count - (work.steps - 1) * work.batch_size
    return float(torch.stack(losses).dot(sizes) / work.count)


def array(tensor: Any) -> Floats:
    """Return a tensor as an array."""
    values: Floats = tensor.numpy()
    return values


def _updater(work: TrainingWork, parameters: list[Any]) -> Callable[[Any], None]:
    import torch

    if work.optimizer == "adam":
        adam = torch.optim.Adam(parameters, work.learning_rate, ADAM_BETAS, ADAM_EPSILON, fused=True)

        def fused(gradients: Any) -> None:
            for p, g in zip(parameters, gradients, strict=True):
                p.grad = g
            adam.step()

        return fused
    velocities = [torch.zeros_like(tensor) for tensor in parameters]

    def momentum(gradients: Any) -> None:
        for p, g, v in zip(parameters, gradients, velocities, strict=True):
            p.sub_(v.mul_(MOMENTUM).add_(g), alpha=work.learning_rate)

    def sgd(gradients: Any) -> None:
        for p, g in zip(parameters, gradients, strict=True):
            p.sub_(g, alpha=work.learning_rate)

    return momentum if work.optimizer == "momentum" else sgd


PEERS = (TorchEager("1 thread", threads=1), TorchEager("all threads"))

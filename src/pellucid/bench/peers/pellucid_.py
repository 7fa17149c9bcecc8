"""Pellucid: the same steps as its trainer, on images encoded beforehand."""

from __future__ import annotations

import numpy as np

from pellucid.bench.machine import cores, few_cores
from pellucid.bench.peers.base import InferenceRun, Peer, TrainingRun
from pellucid.bench.sequence_work import SequenceWork
from pellucid.bench.work import ADAM_BETAS, ADAM_EPSILON, MOMENTUM, Floats, InferenceWork, TrainingWork
from pellucid.layers import Dense
from pellucid.models.architectures import lenet
from pellucid.network.network import Network
from pellucid.programs.feed import Feed
from pellucid.programs.image_stepper import Batches
from pellucid.programs.image_targets import class_targets
from pellucid.programs.interface import StepperOptions
from pellucid.system.version import __version__
from pellucid.training.optimizers import SGD, Adam, Momentum, Optimizer


class Pellucid(Peer):
    """The compiled program, driven by a table."""

    name = "Pellucid"
    package = "pellucid"
    networks = ("dense", "lenet")

    @property
    def version(self) -> str:
        """The version of this package, installed or not."""
        return __version__

    def train(self, work: TrainingWork) -> TrainingRun:
        """Run the epoch in one call of the engine."""
        net = _network(work)
        start, optimizer = net.parameters.copy(), _optimizer(work)
        feed = _feed(work)
        batches = Batches(
            feed, np.ascontiguousarray(work.order, np.int64), class_targets(np.ascontiguousarray(work.labels, np.int64))
        )
        options = StepperOptions(optimizer, "cross_entropy", work.batch_size, work.seed, threads=self.threads)
        taker = net.program.stepper(options, sparse=feed.is_sparse)
        steps = np.arange(work.steps)
        rates = optimizer.step_rates(np.full(work.steps, work.learning_rate), steps)

        def run() -> float:
            for vector in (net.parameters, *taker.moments):
                vector[...] = start if vector is net.parameters else 0.0
            history = taker.run(batches, 0, work.steps, optimizer, rates)
            return float(history[:, 0].sum() / work.count)

        return run

    def learn(self, work: SequenceWork) -> TrainingRun:
        """Run the epoch in one call of the engine."""
        from pellucid.bench.peers import sequences_pellucid

        return sequences_pellucid.learn(work, self.threads)

    def read(self, work: InferenceWork) -> InferenceRun:
        """Call the network with one image or with all; single images are sliced beforehand."""
        net = _network(work)
        images = list(work.images) if work.one_at_a_time else []

        def run() -> Floats | list[Floats]:
            with few_cores(self.threads):
                return [net(image) for image in images] if work.one_at_a_time else net(work.images)

        return run


def _network(work: TrainingWork | InferenceWork) -> Network:
    """Return the network of a workload, with its parameters."""
    if work.network == "lenet":
        net = Network(lenet(), input_shape=(28, 28))
    else:
        names = [*[work.activation] * (len(work.layers) - 2), "softmax"]
        described = [Dense(size, name) for size, name in zip(work.layers[1:], names, strict=True)]
        net = Network(described, input_shape=work.layers[:1])
    learning = [layer for layer in net.layers if layer.named()]
    for layer, (weight, bias) in zip(learning, work.parameters, strict=True):
        named = layer.named()
        named["weight"][...], named["bias"][...] = weight, bias
    return net


def _optimizer(work: TrainingWork) -> Optimizer:
    rate = work.learning_rate
    if work.optimizer == "adam":
        return Adam(rate, beta1=ADAM_BETAS[0], beta2=ADAM_BETAS[1], epsilon=ADAM_EPSILON)
    return Momentum(rate, momentum=MOMENTUM) if work.optimizer == "momentum" else SGD(rate)


def _feed(work: TrainingWork) -> Feed:
    """The images as sparse rows: of bytes, their original type, if bytes represent the values exactly."""
    levels = np.rint(work.images * 255.0)
    if np.array_equal(levels / np.float32(255.0), work.images):
        return Feed(levels.astype(np.uint8), (0.0, 255.0))
    return Feed(work.images, (0.0, 1.0))


PEERS = (Pellucid("1 thread", threads=1), Pellucid("all threads", threads=cores()))

"""PyTorch, compiled: gather, forward, backward and update in one graph, several steps per call."""

from __future__ import annotations

from collections.abc import Callable
from shutil import which
from typing import Any

from pellucid.bench.machine import cores
from pellucid.bench.peers.base import InferenceRun, Peer, TrainingRun
from pellucid.bench.peers.torch_eager import array, forward, tensors
from pellucid.bench.work import ADAM_BETAS, ADAM_EPSILON, MOMENTUM, Floats, InferenceWork, TrainingWork

MOST_STEPS_A_CALL = 8
_OPTIONS = {"max_autotune": True, "cpp_wrapper": True}


class TorchCompile(Peer):
    """`torch.compile` over whole steps, without autograd's tape: `torch.func` gives the gradient."""

    name = "torch.compile"
    package = "torch"
    modules = ("torch",)
    most_steps = 3000

    def available(self) -> str | None:
        """Compiling needs a C++ compiler."""
        if not any(which(compiler) for compiler in ("g++", "c++", "clang++", "cl")):
            return "no C++ compiler found: install g++ or clang"
        return super().available()

    def train(self, work: TrainingWork) -> TrainingRun:
        """Compile several steps into one call, and the short last batch separately; both compile at the first run."""
        import torch

        _keep_all_compiled()
        images, labels = torch.from_numpy(work.images), torch.from_numpy(work.labels)
        order = torch.from_numpy(work.order)
        full = work.count // work.batch_size
        calls = list(order[: full * work.batch_size].view(-1, steps_a_call(full), work.batch_size)) if full else []
        rest = order[full * work.batch_size :].view(1, -1)
        if rest.numel():
            calls.append(rest)
        steps = torch.compile(_steps(work), dynamic=False, options=_OPTIONS)

        def run() -> float:
            torch.set_num_threads(self.threads or cores())
            parameters = tensors(work)
            state = [torch.zeros_like(tensor) for _ in range(2) for tensor in parameters]
            clock = torch.zeros(())
            with torch.no_grad():
                sums = [steps(parameters, state, clock, images, labels, rows) for rows in calls]
            return float(torch.stack(sums).sum() / work.count)

        return run

    def read(self, work: InferenceWork) -> InferenceRun:
        """Compile forward pass and softmax."""
        import torch

        _keep_all_compiled()
        parameters, images = tensors(work), torch.from_numpy(work.images)
        singles = list(images)

        def probabilities(a: Any) -> Any:
            return forward(parameters, a, work.activation).softmax(-1)

        compiled = torch.compile(probabilities, dynamic=False, options=_OPTIONS)

        def run() -> Floats | list[Any]:
            torch.set_num_threads(self.threads or cores())
            with torch.inference_mode():
                if work.one_at_a_time:
                    return [compiled(image) for image in singles]
                return array(compiled(images))

        return run


def _keep_all_compiled() -> None:
    """Keep separate compiled forms for entrants and workloads that share the code of their functions."""
    import torch

    torch._dynamo.config.recompile_limit = 1000
    torch._dynamo.config.accumulated_recompile_limit = 10_000


def steps_a_call(batches: int) -> int:
    """Return the largest number of steps, up to a limit, that divides the batches.

    Examples
    --------
    >>> steps_a_call(1875), steps_a_call(6000), steps_a_call(7), steps_a_call(11)
    (5, 8, 7, 1)
    """
    return max(steps for steps in range(1, MOST_STEPS_A_CALL + 1) if batches % steps == 0)


def _steps(work: TrainingWork) -> Callable[..., Any]:
    import torch

    def loss(parameters: list[Any], x: Any, y: Any) -> Any:
        return torch.nn.functional.cross_entropy(forward(parameters, x, work.activation), y)

    def steps(parameters: list[Any], state: list[Any], clock: Any, images: Any, labels: Any, calls: Any) -> Any:
        total = 0.0
        for rows in calls.unbind():
            gradients, mean = torch.func.grad_and_value(loss)(parameters, images[rows], labels[rows])
            _update(work, parameters, gradients, state, clock)
            total = total + mean * len(rows)
        return total

    return steps


def _update(work: TrainingWork, parameters: list[Any], gradients: list[Any], state: list[Any], clock: Any) -> None:
    beta1, beta2 = ADAM_BETAS
    clock.add_(1)
    for index, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        if work.optimizer == "sgd":
            p.sub_(g, alpha=work.learning_rate)
        elif work.optimizer == "momentum":
            p.sub_(state[index].mul_(MOMENTUM).add_(g), alpha=work.learning_rate)
        else:
            m, v = state[index], state[len(parameters) + index]
            m.mul_(beta1).add_(g, alpha=1 - beta1)
            v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
            root = (v / (1 - beta2**clock)).sqrt().add(ADAM_EPSILON)
            p.sub_(m / root * (work.learning_rate / (1 - beta1**clock)))


PEERS = (TorchCompile("1 thread", threads=1), TorchCompile("all threads"))

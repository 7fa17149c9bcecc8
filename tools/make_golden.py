"""Make golden values of small dense networks with PyTorch in float64, so that the tests do not need PyTorch.

Usage::

    python tools/make_golden.py tests/golden/pytorch.npz

Weights, images and labels are random numbers from this script. For each case the file contains them, and PyTorch's
weighted sums, activations and gradients for the first few images, the first ten losses, and the parameters after ten
steps. Parameters are in Pellucid's order: layer by layer, weights by input, then biases.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

INPUTS, STEPS = 12, 10
FIRST = 8  # number of images with activations and gradients in the file
SOFTMAX = [[8, "sigmoid"], [6, "tanh"], [5, "softmax"]]
RELU = [[9, "relu"], [5, "softmax"]]
SIGMOID = [[7, "sigmoid"], [5, "sigmoid"]]

CASES: dict[str, dict[str, Any]] = {
    "sgd": {"layers": SOFTMAX, "optimizer": {"kind": "sgd", "rate": 0.5}},
    "sgd, decay": {"layers": RELU, "optimizer": {"kind": "sgd", "rate": 0.2, "decay": 0.01}},
    "sgd, squared": {"layers": SIGMOID, "loss": "squared", "optimizer": {"kind": "sgd", "rate": 1.0}},
    "sgd, sigmoid cross-entropy": {"layers": SIGMOID, "optimizer": {"kind": "sgd", "rate": 0.3}},
    "squared through softmax": {"layers": SOFTMAX, "loss": "squared", "optimizer": {"kind": "sgd", "rate": 1.0}},
    "one layer": {"layers": [[5, "softmax"]], "optimizer": {"kind": "sgd", "rate": 0.5}},
    "identity and tanh": {
        "layers": [[6, "identity"], [5, "tanh"]], "loss": "squared", "optimizer": {"kind": "sgd", "rate": 0.1},
    },
    "momentum": {"layers": SOFTMAX, "optimizer": {"kind": "momentum", "rate": 0.1, "momentum": 0.9}},
    "nesterov, decay": {
        "layers": RELU,
        "optimizer": {"kind": "momentum", "rate": 0.05, "momentum": 0.8, "nesterov": True, "decay": 0.02},
    },
    "adam": {"layers": SOFTMAX, "optimizer": {"kind": "adam", "rate": 0.02}},
    "adam, decay": {
        "layers": RELU,
        "optimizer": {"kind": "adam", "rate": 0.01, "betas": [0.8, 0.95], "epsilon": 1e-6, "decay": 0.05},
    },
    "adam, cosine": {"layers": RELU, "optimizer": {"kind": "adam", "rate": 0.02, "schedule": "cosine"}},
    "momentum, warm-up": {
        "layers": SOFTMAX, "optimizer": {"kind": "momentum", "rate": 0.1, "momentum": 0.9, "schedule": "warm_up"},
    },
    "adamw, cosine": {
        "layers": RELU, "optimizer": {"kind": "adamw", "rate": 0.02, "decay": 0.3, "schedule": "cosine"},
    },
    "rmsprop, decay": {"layers": SOFTMAX, "optimizer": {"kind": "rmsprop", "rate": 0.01, "decay": 0.02}},
}  # fmt: skip

ACTIVATIONS = {
    "identity": lambda z: z, "sigmoid": torch.sigmoid, "relu": torch.relu, "tanh": torch.tanh,
    "softmax": lambda z: torch.softmax(z, 1),
}  # fmt: skip


class Twin(nn.Module):
    """Linear layers and their activations, in float64."""

    def __init__(self, layers: list[list[Any]]) -> None:
        super().__init__()
        widths = [INPUTS, *(size for size, _ in layers)]
        self.linears = nn.ModuleList(nn.Linear(d, k, dtype=torch.float64) for d, k in itertools.pairwise(widths))
        self.names = [name for _, name in layers]

    def forward(self, x: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Weighted sums and activations of each layer."""
        steps = []
        for linear, name in zip(self.linears, self.names, strict=True):
            z = linear(x)
            x = ACTIVATIONS[name](z)
            steps.append((z, x))
        return steps

    def flat(self, gradient: bool = False) -> npt.NDArray[np.float64]:
        """Parameters, or their gradients, in Pellucid's order."""
        parts = []
        for linear in self.linears:
            for tensor in (linear.weight, linear.bias):
                chosen = tensor.grad if gradient else tensor
                parts.append(chosen.detach().numpy().T.ravel())
        return np.concatenate(parts)


def loss_of(name: str, twin: Twin, steps: list[tuple[Tensor, Tensor]], targets: Tensor) -> Tensor:
    z, a = steps[-1]
    wanted = nn.functional.one_hot(targets, z.shape[1]).to(z.dtype)
    if name == "squared":
        return ((a - wanted) ** 2).sum(1).mean()
    if twin.names[-1] == "softmax":
        return nn.functional.cross_entropy(z, targets)
    return nn.functional.binary_cross_entropy_with_logits(z, wanted, reduction="none").sum(1).mean()


def optimizer_of(twin: Twin, told: dict[str, Any]) -> tuple[torch.optim.Optimizer, Any]:
    parameters, rate, decay = twin.parameters(), told["rate"], told.get("decay", 0.0)
    made: torch.optim.Optimizer
    if told["kind"] in ("adam", "adamw"):
        kind = torch.optim.Adam if told["kind"] == "adam" else torch.optim.AdamW
        betas = tuple(told.get("betas", (0.9, 0.999)))
        made = kind(parameters, rate, betas=betas, eps=told.get("epsilon", 1e-8), weight_decay=decay)
    elif told["kind"] == "rmsprop":
        made = torch.optim.RMSprop(parameters, rate, weight_decay=decay)
    else:
        momentum, nesterov = told.get("momentum", 0.0), told.get("nesterov", False)
        made = torch.optim.SGD(parameters, rate, momentum=momentum, nesterov=nesterov, weight_decay=decay)
    schedules = {
        None: lambda: torch.optim.lr_scheduler.ConstantLR(made, 1.0),
        "cosine": lambda: torch.optim.lr_scheduler.CosineAnnealingLR(made, STEPS),
        "warm_up": lambda: torch.optim.lr_scheduler.LinearLR(made, 1 / 5, total_iters=4),
    }
    return made, schedules[told.get("schedule")]()


def answers(case: dict[str, Any], seed: int) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Return PyTorch's arrays for one case. The last of the ten batches is short."""
    rng, batch = np.random.default_rng(seed), 4
    count = STEPS * batch - 1
    x = rng.integers(0, 17, (count, INPUTS)) / 16 * (rng.random((count, INPUTS)) < 0.6)
    labels = rng.integers(0, 5, count)
    twin = Twin(case["layers"])
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter[...] = torch.tensor(rng.uniform(-0.8, 0.8, parameter.shape).astype(np.float32))
    images, targets = torch.tensor(x.astype(np.float32)).double(), torch.tensor(labels)
    yield from (("images", x), ("labels", labels.astype(np.uint8)), ("start", twin.flat()))

    first = images[:FIRST].clone().requires_grad_(True)
    steps = twin(first)
    loss = loss_of(case["loss"], twin, steps, targets[:FIRST])
    loss.backward()
    for i, (z, a) in enumerate(steps):
        yield f"sums{i}", z.detach().numpy()
        yield f"activations{i}", a.detach().numpy()
    yield from (("loss", np.array(loss.item())), ("gradient", twin.flat(True)), ("by_input", first.grad.numpy()))

    optimizer, schedule = optimizer_of(twin, case["optimizer"])
    losses = []
    for begin in range(0, count, batch):
        some = images[begin : begin + batch], targets[begin : begin + batch]
        optimizer.zero_grad()
        loss = loss_of(case["loss"], twin, twin(some[0]), some[1])
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    yield from (("losses", np.array(losses)), ("end", twin.flat()))


def main() -> None:
    kept: dict[str, npt.NDArray[Any]] = {}
    told = {"torch": torch.__version__, "cases": {}}
    for seed, (name, options) in enumerate(CASES.items()):
        case = {"loss": "cross_entropy", **options}
        told["cases"][name] = case
        for key, array in answers(case, seed):
            kept[f"{name}/{key}"] = array.astype(np.float32) if array.dtype == np.float64 else array
    kept["about"] = np.array(json.dumps(told))
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(target, **kept)
    print(f"{len(CASES)} cases, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

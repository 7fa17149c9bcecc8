"""What batch normalisation and residual additions are worth to small networks, measured with PyTorch.

Pellucid has neither. This trains networks of the sizes that Pellucid is about with and without them, on part of MNIST
or on the embedded digits, with the better of two rates for each. Needs ``pip install torch``.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import pellucid as pl
from common import tell, write

RATES = (0.001, 0.003)
WAYS = {"plain": (False, False), "normalised": (True, False), "residual": (False, True), "both": (True, True)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="mnist", help="mnist, or digits for the embedded ones (default mnist)")
    parser.add_argument("--images", type=int, default=12_000, help="training images (default 12,000)")
    parser.add_argument("--epochs", type=int, default=6, help="epochs of training (default 6)")
    parser.add_argument("--seeds", type=int, default=3, help="networks of each kind (default 3)")
    parser.add_argument("--only", default="", help="only networks whose name has this in it")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    parts = pl.data.load(asked.data)
    train, test = as_tensors(parts.train[: asked.images]), as_tensors(parts.test)
    accuracies: dict[str, dict[str, list[float]]] = {}
    rows = []
    for name, make in NETWORKS.items():
        if asked.only in name:
            found = {way: best(make, flags, train, test, asked) for way, flags in WAYS.items()}
            accuracies[name] = {way: values for way, (values, _) in found.items()}
            plain = found["plain"][1]
            cells = [f"{np.mean(values):.2%}; {seconds / plain:.2f}" for values, seconds in found.values()]
            rows.append([name, *cells])
    title = f"Mean test accuracy over {asked.seeds} seeds, and the time of an epoch beside the plain network's"
    table = tell(title, ("network", *WAYS), rows)
    write(asked.json, {"tables": [table], "accuracies": accuracies})


class Block(nn.Module):
    """A layer, normalised if asked, its ReLU, and the layer's input added if asked and of the same shape."""

    def __init__(self, layer: nn.Module, norm: nn.Module | None, residual: bool) -> None:
        super().__init__()
        self.layer, self.norm, self.residual = layer, norm or nn.Identity(), residual

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The activations."""
        y: torch.Tensor = torch.relu(self.norm(self.layer(x)))
        return x + y if self.residual and x.shape == y.shape else y


def dense(depth: int, normalised: bool, residual: bool) -> nn.Module:
    """Hidden layers of 16 neurons."""
    sizes = [784] + [16] * depth
    blocks = [
        Block(nn.Linear(before, after), nn.BatchNorm1d(after) if normalised else None, residual)
        for before, after in itertools.pairwise(sizes)
    ]
    return nn.Sequential(nn.Flatten(), *blocks, nn.Linear(16, 10))


def convolutions(normalised: bool, residual: bool) -> nn.Module:
    """Four convolutions, in parameters about as many as the shipped network of convolutions."""

    def block(before: int, after: int) -> Block:
        norm = nn.BatchNorm2d(after) if normalised else None
        return Block(nn.Conv2d(before, after, 3, padding=1), norm, residual)

    return nn.Sequential(
        block(1, 16), block(16, 16), nn.MaxPool2d(2), block(16, 32), block(32, 32), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(32 * 49, 10),
    )  # fmt: skip


NETWORKS: dict[str, Callable[[bool, bool], nn.Module]] = {
    "784-16-16-10": lambda *flags: dense(2, *flags),
    "784-16x6-10": lambda *flags: dense(6, *flags),
    "784-16x12-10": lambda *flags: dense(12, *flags),
    "four convolutions": convolutions,
}

Pair = tuple[torch.Tensor, torch.Tensor]


def as_tensors(data: Any) -> Pair:
    """Images (N, 1, H, W) from 0 to 1, and labels."""
    images = torch.tensor(np.asarray(data.images)).float().div(255).unsqueeze(1)
    return images, torch.tensor(np.asarray(data.labels)).long()


def best(make: Callable[[bool, bool], nn.Module], flags: Any, train: Pair, test: Pair, asked: Any) -> Any:
    """The accuracies of all seeds at the better rate, and the median seconds of an epoch."""
    found = []
    for rate in RATES:
        runs = [trained(make, flags, train, test, (seed, rate, asked.epochs)) for seed in range(asked.seeds)]
        found.append(([accuracy for accuracy, _ in runs], float(np.median([seconds for _, seconds in runs]))))
    return max(found, key=lambda each: np.mean(each[0]))


def trained(
    make: Callable[[bool, bool], nn.Module], flags: Any, train: Pair, test: Pair, how: tuple[int, float, int]
) -> tuple[float, float]:
    """The test accuracy of one network, and the seconds of an epoch."""
    seed, rate, epochs = how
    torch.manual_seed(seed)
    net, (images, labels) = make(*flags), train
    optimizer = torch.optim.Adam(net.parameters(), rate)
    begin = time.perf_counter()
    for _ in range(epochs):
        order = torch.randperm(len(images))
        for at in range(0, len(images), 32):
            chosen = order[at : at + 32]
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(images[chosen]), labels[chosen]).backward()
            optimizer.step()
    took = (time.perf_counter() - begin) / epochs
    net.eval()
    with torch.no_grad():
        return (net(test[0]).argmax(1) == test[1]).float().mean().item(), took


if __name__ == "__main__":
    main()

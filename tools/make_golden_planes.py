"""Make golden values of a small convolutional network with PyTorch in float64, so that tests do not need PyTorch.

Usage::

    python tools/make_golden_planes.py tests/golden/planes.npz

Weights, images and labels are random numbers from this script. The file contains activations, gradients, the losses
of ten steps of Adam, and the parameters after them, in Pellucid's order: convolutions (out, in, height, width), dense
weights by input.
"""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

COUNT = 21


def flat(net: nn.Module, gradient: bool = False) -> npt.NDArray[np.float64]:
    """Parameters, or their gradients, in Pellucid's order."""
    parts = []
    for parameter in net.parameters():
        array = (parameter.grad if gradient else parameter).detach().numpy()
        parts.append((array.T if array.ndim == 2 else array).ravel())
    return np.concatenate(parts)


def main() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 17, (COUNT, 12, 10)) / 16 * (rng.random((COUNT, 12, 10)) < 0.6)
    labels = rng.integers(0, 4, COUNT)
    net = nn.Sequential(
        nn.Conv2d(1, 5, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(5, 7, (3, 2), (2, 1), (0, 1)), nn.Tanh(),
        nn.AvgPool2d((1, 2)), nn.Flatten(), nn.Linear(42, 6), nn.ReLU(), nn.Linear(6, 4),
    ).double()  # fmt: skip
    with torch.no_grad():
        for parameter in net.parameters():
            parameter[...] = torch.tensor(rng.uniform(-0.5, 0.5, parameter.shape).astype(np.float32))
    kept = {"images": images, "labels": labels.astype(np.uint8), "start": flat(net)}
    x, targets = torch.tensor(images)[:, None].requires_grad_(True), torch.tensor(labels)
    kept |= {name: net[: end + 1](x).detach().numpy() for name, end in (("first", 1), ("pooled", 2), ("second", 4))}
    kept["means"] = net[:6](x).detach().numpy()
    loss = nn.functional.cross_entropy(net(x), targets)
    loss.backward()
    kept |= {"loss": np.array(loss.item()), "gradient": flat(net, True), "by_input": x.grad.numpy()}
    optimizer, losses = torch.optim.Adam(net.parameters(), 0.01), []
    for _ in range(10):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x.detach()), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    kept |= {"losses": np.array(losses), "end": flat(net), "torch": np.array(torch.__version__)}
    small = {name: array.astype(np.float32) if array.dtype == np.float64 else array for name, array in kept.items()}
    np.savez_compressed(sys.argv[1], **small)


if __name__ == "__main__":
    main()

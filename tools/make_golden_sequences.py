"""Make golden values of small recurrent networks with PyTorch in float64, so that the tests do not need PyTorch.

Usage::

    python tools/make_golden_sequences.py tests/golden/sequences.npz

Sequences, labels and parameters are random numbers from this script. For each case the file contains them, PyTorch's
outputs, hidden values, loss and gradients for all sequences, the first ten losses of training on batches in
order, and the parameters after ten steps. Parameters are in Pellucid's order: layer by layer and direction by
direction, weights by input, weights by hidden unit, biases, and a GRU's bias of the candidate's recurrent part.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

FEATURES, CLASSES, COUNT, BATCH, STEPS = 3, 4, 12, 4, 10

CASES: dict[str, dict[str, Any]] = {
    "one way, ctc": {"hidden": [5], "both": False, "loss": "ctc", "clip": None},
    "both ways, ctc, clipped": {"hidden": [4], "both": True, "loss": "ctc", "clip": 0.5},
    "two layers both ways, ctc": {"hidden": [3, 4], "both": True, "loss": "ctc", "clip": None},
    "last of both, cross-entropy": {"hidden": [4], "both": True, "loss": "cross_entropy", "clip": None},
    "GRU, one way, ctc": {"cell": "GRU", "hidden": [5], "both": False, "loss": "ctc", "clip": None},
    "GRU, two layers both ways, ctc": {"cell": "GRU", "hidden": [3, 4], "both": True, "loss": "ctc", "clip": 0.5},
    "GRU, last of both": {"cell": "GRU", "hidden": [4], "both": True, "loss": "cross_entropy", "clip": None},
    "RNN, two layers both ways, ctc": {"cell": "RNN", "hidden": [3, 4], "both": True, "loss": "ctc", "clip": None},
    "RNN, ReLU, last of both": {
        "cell": "RNN",
        "activation": "relu",
        "hidden": [4],
        "both": True,
        "loss": "cross_entropy",
        "clip": None,
    },
}


class Twin(nn.Module):
    """Recurrent layers one after another and a linear layer, in float64, over one sequence at a time.

    PyTorch's second biases stay 0, but for a GRU's last third, that of the candidate.
    """

    def __init__(self, case: dict[str, Any]) -> None:
        super().__init__()
        ways, width = 1 + case["both"], FEATURES
        kind = getattr(nn, case.get("cell", "LSTM"))
        options = {"nonlinearity": case["activation"]} if "activation" in case else {}
        self.layers = nn.ModuleList()
        for hidden in case["hidden"]:
            layer = kind(width, hidden, bidirectional=case["both"], dtype=torch.float64, **options)
            self.layers.append(layer)
            width = ways * hidden
            for second in [getattr(layer, f"bias_hh_l0{way}") for way in ("", "_reverse")[:ways]]:
                second.data.zero_()
                unused = 2 * hidden if kind is nn.GRU else len(second)
                second.register_hook(lambda grad, unused=unused: grad * (torch.arange(len(grad)) >= unused))
        self.linear = nn.Linear(width, CLASSES, dtype=torch.float64)
        self.last = case["loss"] != "ctc"

    def forward(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        """Hidden values (T, H) of every layer, and the last weighted sums."""
        told = []
        for layer in self.layers:
            x, final = layer(x)
            told.append(x)
        final = final[0] if isinstance(final, tuple) else final
        return told, self.linear(final.reshape(-1) if self.last else x)

    def tensors(self, gradients: bool = False) -> list[Tensor]:
        """Views of the parameters, or of the gradients by them, in Pellucid's order."""
        made = []
        for layer in self.layers:
            for way in ("", "_reverse")[: 1 + layer.bidirectional]:
                made += [(f"{name}_l0{way}", layer, 0) for name in ("weight_ih", "weight_hh", "bias_ih")]
                if isinstance(layer, nn.GRU):
                    made.append((f"bias_hh_l0{way}", layer, 2 * layer.hidden_size))
        made += [("weight", self.linear, 0), ("bias", self.linear, 0)]
        found = [(getattr(layer, name), begin) for name, layer, begin in made]
        return [(tensor.grad if gradients else tensor.data)[begin:] for tensor, begin in found]


def flat(tensors: list[Tensor]) -> npt.NDArray[np.float64]:
    return np.concatenate([tensor.numpy().T.ravel() for tensor in tensors])


def mean_loss(twin: Twin, name: str, xs: list[Tensor], labels: list[Tensor]) -> Tensor:
    losses = []
    for x, label in zip(xs, labels, strict=True):
        logs = torch.log_softmax(twin(x)[1], -1)
        if name == "ctc":
            sizes = torch.tensor([len(x)]), torch.tensor([len(label)])
            losses.append(nn.functional.ctc_loss(logs[:, None], label[None], *sizes, reduction="sum"))
        else:
            losses.append(-logs[label])
    return torch.stack(losses).mean()


def answers(case: dict[str, Any], seed: int) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Return PyTorch's arrays for one case."""
    rng, twin = np.random.default_rng(seed), Twin(case)
    lengths = rng.integers(6, 12, COUNT)
    frames = rng.standard_normal((lengths.sum(), FEATURES)).astype(np.float32)
    counts = rng.integers(0, 4, COUNT) if case["loss"] == "ctc" else np.ones(COUNT, np.int64)
    labels = rng.integers(1, CLASSES, counts.sum())
    for tensor in twin.tensors():
        tensor.copy_(torch.tensor(rng.uniform(-0.8, 0.8, tensor.shape).astype(np.float32)))
    yield from (("lengths", lengths), ("frames", frames), ("counts", counts), ("labels", labels))
    yield "start", flat(twin.tensors())

    whole = torch.tensor(frames).double().requires_grad_(True)
    xs, targets = list(whole.split(lengths.tolist())), list(torch.tensor(labels).split(counts.tolist()))
    if case["loss"] != "ctc":
        targets = [target[0] for target in targets]
    loss = mean_loss(twin, case["loss"], xs, targets)
    loss.backward()
    hidden, sums = twin(xs[0])
    for i, h in enumerate(hidden):
        yield f"hidden{i}", h.detach().numpy()
    yield from (("sums", sums.detach().numpy()), ("loss", np.array(loss.item())))
    yield from (("gradient", flat(twin.tensors(gradients=True))), ("by_input", whole.grad.numpy()))

    optimizer, losses = torch.optim.Adam(twin.parameters(), 0.02, eps=1e-3), []
    xs = [x.detach() for x in xs]
    for step in range(STEPS):
        rows = slice(step * BATCH % COUNT, step * BATCH % COUNT + BATCH)
        optimizer.zero_grad()
        loss = mean_loss(twin, case["loss"], xs[rows], targets[rows])
        loss.backward()
        if case["clip"] is not None:
            nn.utils.clip_grad_norm_(twin.parameters(), case["clip"])
        optimizer.step()
        losses.append(loss.item())
    yield from (("losses", np.array(losses)), ("end", flat(twin.tensors())))


def main() -> None:
    kept: dict[str, npt.NDArray[Any]] = {}
    for seed, (name, case) in enumerate(CASES.items()):
        for key, array in answers(case, seed):
            kept[f"{name}/{key}"] = array.astype(np.float32) if array.dtype == np.float64 else array
    kept["about"] = np.array(json.dumps({"torch": torch.__version__, "cases": CASES}))
    np.savez_compressed(Path(sys.argv[1]), **kept)
    print(f"{len(CASES)} cases, {Path(sys.argv[1]).stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

"""PyTorch's own LSTM on sequences: frames in time order, which is faster, and fused Adam."""

from __future__ import annotations

from typing import Any

from pellucid.bench.machine import cores
from pellucid.bench.peers.base import TrainingRun
from pellucid.bench.sequence_work import SequenceWork
from pellucid.bench.work import ADAM_BETAS, ADAM_EPSILON


def learn(work: SequenceWork, threads: int | None) -> TrainingRun:
    """Run the epoch batch by batch, with `torch.nn.LSTM`."""
    import torch

    batches = [(torch.from_numpy(x), torch.from_numpy(y)) for x, y in work.batches()]

    def run() -> float:
        torch.set_num_threads(threads or cores())
        lstm, dense = _modules(work)
        parameters = [p for p in (*lstm.parameters(), *dense.parameters()) if p.requires_grad]
        adam = torch.optim.Adam(parameters, work.learning_rate, ADAM_BETAS, ADAM_EPSILON, fused=True)
        losses = []
        for x, y in batches:
            adam.zero_grad(set_to_none=True)
            loss = torch.nn.functional.cross_entropy(dense(lstm(x)[0][-1]), y)
            loss.backward()
            adam.step()
            losses.append(loss.detach())
        return float(torch.stack(losses).mean())

    return run


def _modules(work: SequenceWork) -> tuple[Any, Any]:
    """Return the two layers with the workload's parameters; PyTorch's second bias stays 0."""
    import torch

    d, h, k = work.layers
    lstm, dense, start = torch.nn.LSTM(d, h), torch.nn.Linear(h, k), work.parameters
    with torch.no_grad():
        for tensor, name in (
            (lstm.weight_ih_l0, "weight_ih"),
            (lstm.weight_hh_l0, "weight_hh"),
            (lstm.bias_ih_l0, "bias"),
            (dense.weight, "weight"),
            (dense.bias, "out_bias"),
        ):
            tensor.copy_(torch.from_numpy(start[name]))
        lstm.bias_hh_l0.zero_()
    lstm.bias_hh_l0.requires_grad_(False)
    return lstm, dense

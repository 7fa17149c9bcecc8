"""Sequence workloads: every peer reaches the same losses, and the report lists them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from pellucid.bench import SequenceWork, compare, cost, render
from pellucid.bench.peers import Peer, UnsuitedError, everyone
from pellucid.bench.suite import load, save
from pellucid.errors import ShapeError


def tiny() -> SequenceWork:
    rng = np.random.default_rng(0)
    frames = rng.standard_normal((12, 5, 3)).astype(np.float32)
    return SequenceWork("tiny", frames, rng.integers(0, 4, 12), hidden=6, classes=4, batch_size=4, learning_rate=0.01)


def able() -> list[Peer]:
    return [peer for peer in everyone() if peer.name in ("Pellucid", "PyTorch", "JAX")]


@pytest.mark.parametrize("peer", able(), ids=lambda peer: peer.label)
@pytest.mark.filterwarnings("ignore")
def test_all_peers_reach_the_same_losses(peer: Peer) -> None:
    if reason := peer.available():
        pytest.skip(reason)
    run = peer.prepare(tiny())
    first = run()
    assert isinstance(first, float)
    assert run() == pytest.approx(first, rel=1e-6)
    leader = next(iter(able())).prepare(tiny())()
    assert first == pytest.approx(leader, rel=1e-5)


def test_other_peers_report_that_they_do_not_train_on_sequences() -> None:
    for peer in everyone():
        if peer.name not in ("Pellucid", "PyTorch", "JAX"):
            with pytest.raises(UnsuitedError, match="sequences"):
                peer.prepare(tiny())


def test_a_report_of_sequences(tmp_path: object) -> None:
    peers = [peer for peer in everyone() if peer.name == "Pellucid"]
    report = compare([tiny()], peers, rounds=2, limits=False)
    result = report.results[0]
    assert (result.training, result.images, result.layers, result.frames) == (True, 12, (3, 6, 4), 5)
    page = Console(file=io.StringIO(), width=100)
    page.print(render(report))
    assert "tiny" in page.file.getvalue()  # type: ignore[attr-defined]
    save(report, f"{tmp_path}/report.json")
    assert load(f"{tmp_path}/report.json").results[0].frames == 5


def test_the_cost_of_a_sequence() -> None:
    """Per weight and frame: forward 2 operations, weight gradients 2, input gradients 2; none for the frames."""
    one = cost((3, 6, 4), 4, frames=5)
    assert one.flops == 4 * (4 * 6 * 3 * 5) + 6 * (4 * 6 * 6 * 5 + 6 * 4)
    assert one.bytes == 4 * 3 * 5 + 8


def test_invalid_workloads_are_refused() -> None:
    with pytest.raises(ShapeError, match="multiple of 4"):
        SequenceWork("odd", np.zeros((6, 2, 3), np.float32), np.zeros(6, np.int64), batch_size=4)

"""`pellucid bench`: the table, JSON and chart, with few images and two entrants."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.processes import Run
from pellucid.bench.peers.numpy_loop import PEERS as NUMPY
from pellucid.bench.peers.pellucid_ import PEERS as PELLUCID


@pytest.fixture
def few(run: Run, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("pellucid.bench.suite.everyone", lambda: [PELLUCID[0], NUMPY[0]])
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (80, 28, 28)) * (rng.random((80, 28, 28)) < 0.2)
    np.savez("few.npz", images=images.astype(np.uint8), labels=np.arange(80) % 10)
    return "few.npz"


def test_tables(run: Run, few: str) -> None:
    done = run("bench", "--quick", "--data", few)
    assert done.code == 0, done.err
    assert "NumPy" in done.out
    assert "784-16-16-10, batch 32" in done.out
    assert "round 1 of 3" in done.err


def test_json_and_a_chart(run: Run, few: str) -> None:
    for package in ("matplotlib", "threadpoolctl"):
        pytest.importorskip(package)
    done = run("bench", "--quick", "--data", few, "--json", "--chart", "bench.png")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert {entry["peer"] for result in report["results"] for entry in result["entries"]} == {"Pellucid", "NumPy"}
    with Image.open("bench.png") as picture:
        assert picture.width > 1000


def test_unsuitable_data_and_charts_that_cannot_be_written(run: Run, few: str) -> None:
    np.savez("small.npz", images=np.ones((20, 5, 5), np.uint8), labels=np.arange(20) % 2)
    done = run("bench", "--quick", "--data", "small.npz")
    assert (done.code, "784 pixels" in done.err.splitlines()[-1]) == (2, True)
    assert run("bench", "--quick", "--data", few, "--chart", "no/such/folder/b.png").code == 2
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["few.npz", "small.npz"]

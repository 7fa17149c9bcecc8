"""A node of a Ray cluster that goes away costs what it was doing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("ray")

SCRIPT = """
import numpy as np
import pellucid as pl
import ray
from ray.cluster_utils import Cluster
from tests.training.remote.test_executors import recipes, values

cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
node = cluster.add_node(num_cpus=1)
ray.init(address=cluster.address, log_to_driver=False, logging_level="error")
given, found = recipes(12), {}
for index, event in pl.train_many(given, 200, data=values(), on="ray", workers=2):
    found[index] = event
    if len(found) == 3:
        cluster.remove_node(node, allow_graceful=False)
here = dict(pl.train_many(given, 200, data=values()))
assert all(np.array_equal(found[index].parameters, here[index].parameters) for index in range(12))
ray.shutdown()
cluster.shutdown()
print("all", len(found))
"""


def test_a_node_goes_away() -> None:
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=root, capture_output=True, text=True, timeout=300)
    assert "all 12" in done.stdout, done.stderr[-2000:]

"""Without matplotlib, plots say what to install, and nothing else of the package needs it."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
sys.modules["matplotlib"] = None
sys.modules["matplotlib.axes"] = None
import pellucid as pl
data = pl.data.Table([[1.0, 2.0], [3.0, 4.0]], [0, 1])
net = pl.Network([pl.Dense(2, "softmax")], input_shape=(2,))
for work in (pl.plot.confusion, pl.plot.decision_regions):
    try:
        work(net, data)
    except pl.ConfigurationError as error:
        print(error)
"""


def test_a_typed_error_says_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert all(line.endswith("pip install 'pellucid[plot]'.") for line in lines)

"""Without the package onnx, an error says what to install, and nothing else needs it."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
sys.modules["onnx"] = None
import pellucid as pl
net = pl.Network([pl.Dense(2)], input_shape=(3,))
pl.export(net, "net.py")
for work in (lambda: pl.to_onnx(net, "net.onnx"), lambda: pl.export(net, "net.onnx")):
    try:
        work()
    except pl.ConfigurationError as error:
        print(error)
"""


def test_a_typed_error_says_what_to_install(tmp_path):
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, cwd=tmp_path)
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert all(line.endswith("pip install 'pellucid[onnx]'.") for line in lines)

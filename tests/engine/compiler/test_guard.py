"""Guard pages: a kernel that leaves an array is caught at that moment, and others compute the same bits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import pellucid as pl
from pellucid.engine.compiler.guard import GuardedEntry
from pellucid.engine.compiler.library import engine
from pellucid.engine.compiler.target import plain_python
from pellucid.engine.kernels import functions
from pellucid.errors import CapacityError

pytestmark = pytest.mark.skipif(plain_python() or os.name != "posix", reason="compiled code, and memory to protect")


class Writing:
    """Stands for an entry point: writes the byte 1 at a distance from the end of its array, by address."""

    def __init__(self, distance: int) -> None:
        self.distance = distance

    def __call__(self, array: np.ndarray) -> None:
        import ctypes

        ctypes.memset(array.ctypes.data + array.nbytes + self.distance, 1, 1)


def test_a_guarded_entry_computes_what_the_entry_does() -> None:
    entry = engine().apply
    guarded = entry if isinstance(entry, GuardedEntry) else GuardedEntry(entry)
    x, y, z = np.linspace(-1, 1, 32, dtype=np.float32), np.zeros(32, np.float32), np.zeros(32, np.float32)
    guarded(functions.EXP, y, x, 32)
    entry.bind(functions.EXP, z, x, 32)()
    np.testing.assert_array_equal(y, z)
    guarded.bind(functions.EXP, y[:16], y[:16].copy(), 16)()
    np.testing.assert_allclose(y[:16], np.exp(z[:16]), rtol=1e-6)


def test_writing_before_an_array_or_into_one_that_is_read_only_is_refused() -> None:
    array = np.zeros(5, np.float32)
    with pytest.raises(CapacityError, match="before"):
        GuardedEntry(Writing(-array.nbytes - 1))(array)  # type: ignore[arg-type]
    array.flags.writeable = False
    with pytest.raises(CapacityError, match="read-only"):
        GuardedEntry(Writing(-1))(array)  # type: ignore[arg-type]
    with pytest.raises(CapacityError, match="C-contiguous"):
        GuardedEntry(Writing(-1))(np.zeros(8)[::2])  # type: ignore[arg-type]


def test_a_copy_is_made_anew_when_the_array_has_changed_between_calls() -> None:
    array, inside, leave = np.zeros(4, np.uint8), threading.Event(), threading.Event()

    class Waiting:
        def __call__(self, array: np.ndarray) -> None:
            inside.set()
            leave.wait(10)

    late = threading.Thread(target=GuardedEntry(Waiting()), args=(array,))  # type: ignore[arg-type]
    late.start()
    inside.wait(10)
    array[0] = 7
    seen = []
    GuardedEntry(lambda array: seen.append(array.copy()))(array)  # type: ignore[arg-type]
    leave.set()
    late.join()
    assert seen[0].tolist() == [7, 0, 0, 0]


PAST = """
import ctypes, numpy as np
from pellucid.engine.compiler.guard import GuardedEntry
GuardedEntry(lambda array: ctypes.memset(array.ctypes.data + array.nbytes, 1, 1))(np.zeros(5, np.float32))
"""


def test_writing_past_an_array_ends_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", PAST], capture_output=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGSEGV


def test_the_environment_turns_guards_on() -> None:
    code = (
        "import pellucid as pl, numpy as np; net = pl.Network([pl.Dense(10, 'softmax')], seed=3);"
        "print(net(np.linspace(0, 1, 3 * 784).reshape(3, 784)).tobytes().hex());"
        "from pellucid.engine.compiler.library import engine; print(type(engine().read).__name__)"
    )
    environment = {**os.environ, "PELLUCID_GUARD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    bits, kind = done.stdout.split()
    net = pl.Network([pl.Dense(10, "softmax")], seed=3)
    assert bits == net(np.linspace(0, 1, 3 * 784).reshape(3, 784)).tobytes().hex()
    assert kind == "GuardedEntry"

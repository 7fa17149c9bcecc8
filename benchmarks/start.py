"""Start-up costs: imports, the first answer on the command line, compilation, and memory."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from common import duration, in_turns, options, tell, write

PICTURE = Path(__file__).parent.parent / "examples" / "pictures" / "5.png"

_PEAK = """
import resource, sys
import pellucid as pl
data = pl.data.load(sys.argv[1])
net = pl.Network([pl.Dense(16, "sigmoid"), pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")], input_shape=(28, 28))
trainer = pl.Trainer(net, data.train, augment=pl.Augment.standard() if sys.argv[2] == "varied" else None)
for event in trainer.run(epochs=2, validation=data.test):
    pass
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak if sys.platform == "darwin" else 1024 * peak)
"""


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--no-compile", action="store_true", help="skip the first compilation")
    asked = parser.parse_args()
    python(["-m", "pellucid", "read", str(PICTURE)])  # compiles if necessary
    works = {
        "bare Python": ["-c", "pass"],
        "import numpy": ["-c", "import numpy"],
        "import pellucid": ["-c", "import pellucid"],
        "import pellucid, first network": ["-c", "import pellucid as pl; pl.Network([pl.Dense(10, 'softmax')])"],
        "pellucid --help": ["-m", "pellucid", "--help"],
        "pellucid read of one PNG": ["-m", "pellucid", "read", str(PICTURE)],
    }
    seconds = in_turns({name: lambda a=arguments: python(a) for name, arguments in works.items()}, asked.rounds)
    bare = median(seconds["bare Python"])
    rows = [[name, duration(median(took)), duration(max(0.0, median(took) - bare))] for name, took in seconds.items()]
    tables = [tell("Whole processes, caches warm", ("process", "seconds", "more than bare Python"), rows)]
    memory = {how: peak(asked.data, how) for how in ("plain", "varied")}
    names = {"plain": "training and testing", "varied": "the same with augmentation"}
    rows = [[names[how], f"{size / 1e6:.0f} MB"] for how, size in memory.items()]
    tables.append(tell(f"Peak memory of a process, two epochs of {asked.data}", ("process", "memory"), rows))
    measured: dict[str, Any] = {"seconds": seconds, "memory": memory, "tables": tables}
    if not asked.no_compile:
        measured["compilation"] = compilation()
        rows = [[name, duration(took)] for name, took in measured["compilation"].items()]
        tables.append(tell("First run on a machine: an empty cache folder", ("process", "seconds"), rows))
    write(asked.json, measured)


@functools.cache
def byte_code() -> tempfile.TemporaryDirectory[str]:
    """A folder for Python's bytecode cache, warm from the second process on, because a checkout may have none."""
    return tempfile.TemporaryDirectory()


def python(arguments: Sequence[str], **more: str) -> str:
    """Run Python in a new process, and return its output."""
    environment = os.environ | {"PYTHONPYCACHEPREFIX": byte_code().name} | more
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def peak(data: str, how: str) -> int:
    """Return the peak memory of a training process, in bytes."""
    return int(python(["-c", _PEAK, data, how]))


def compilation() -> dict[str, float]:
    """Return the seconds of the compilation, and of the whole process that needed it."""
    code = (
        "from pellucid.engine.compiler import library as l; l.listeners.append(lambda *a: print(*a)); "
        "l.Library().engine()"  # not the one that was compiled ahead
    )
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        told = python(["-c", code], PELLUCID_CACHE=folder)
        whole = time.perf_counter() - begin
    return {"compiling": float(told.split()[-1]), "the whole process": whole}


if __name__ == "__main__":
    main()

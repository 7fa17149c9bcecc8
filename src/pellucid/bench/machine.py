"""The machine of the benchmark: its processor, cores and caches, and the number of threads of its BLAS."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pellucid.system.threads import available_cores, core_of_this_thread


@dataclass(frozen=True)
class Machine:
    """The properties of a machine that matter for comparing results."""

    processor: str
    cores: int
    system: str
    python: str
    numpy: str


def describe() -> Machine:
    """Describe this machine."""
    import numpy as np

    return Machine(_processor(), cores(), platform.platform(terse=True), platform.python_version(), np.__version__)


def cores() -> int:
    """Return the number of cores that this process may use."""
    return available_cores()


def last_level_cache() -> int:
    """Return the size of the largest cache in bytes; 32 MiB if the system does not report it."""
    sizes = [_bytes(path.read_text()) for path in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size")]
    return max(sizes, default=32 << 20)


@contextmanager
def few_cores(count: int | None) -> Iterator[None]:
    """Restrict this thread to some cores, including its current one, if the system supports this."""
    core = core_of_this_thread()
    if count is None or core is None:
        yield
        return
    here, before = core(), os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before, key=lambda one: one != here)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def can_limit_blas() -> bool:
    """Return whether `blas_threads` can set the number of threads."""
    return find_spec("threadpoolctl") is not None


def blas_threads(threads: int | None) -> AbstractContextManager[Any]:
    """Return a context that sets the number of threads of NumPy's matrix products; None leaves it unchanged."""
    if threads is None or not can_limit_blas():
        return nullcontext()
    context: AbstractContextManager[Any] = _controller().limit(limits=threads, user_api="blas")
    return context


@cache
def _controller() -> Any:
    # Finding the loaded libraries takes milliseconds, so it happens once.
    import numpy as np
    from threadpoolctl import ThreadpoolController

    np.ones((2, 2)) @ np.ones((2, 2))
    return ThreadpoolController()


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def _bytes(text: str) -> int:
    """Parse a size in Linux's notation; return 0 for anything else.

    Examples
    --------
    >>> _bytes("512K"), _bytes("32M"), _bytes("unknown")
    (524288, 33554432, 0)
    """
    found = re.fullmatch(r"(\d+)([KMG]?)\s*", text)
    return int(found[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[found[2]] if found else 0

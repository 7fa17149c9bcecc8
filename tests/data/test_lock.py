"""The lock between processes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pellucid.data.lock import locked

HOLD = """
import sys, time
from pathlib import Path
from pellucid.data.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    inside: list[int] = []
    most = 0

    def work(number: int) -> None:
        nonlocal most
        with locked(tmp_path / "lock"):
            inside.append(number)
            most = max(most, len(inside))
            time.sleep(0.01)
            inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert sys.platform == "win32" or list(tmp_path.iterdir()) == []


def test_freed_by_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "lock"):
        raise ZeroDivisionError
    with locked(tmp_path / "lock"):
        pass


def test_killed_holder_frees_it(tmp_path: Path) -> None:
    held = threading.Event()
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline().strip() == b"held"

            def wait() -> None:
                with locked(tmp_path / "lock"):
                    held.set()

            waiter = threading.Thread(target=wait)
            waiter.start()
            assert not held.wait(0.3)
        finally:
            holder.kill()
        assert held.wait(5)
        waiter.join()

"""The description of the machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pellucid.bench import machine


def test_describes_this_machine() -> None:
    found = machine.describe()
    assert found.processor
    assert 1 <= found.cores <= (os.cpu_count() or 1)
    assert found.numpy[0].isdigit()


def test_a_processor_without_a_name_in_proc_still_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> str:
        raise OSError("no /proc here")

    monkeypatch.setattr(Path, "read_text", refuse)
    assert machine._processor()


def test_the_cache_size_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.last_level_cache() > 0
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter(()))
    assert machine.last_level_cache() == 32 << 20


def test_cores_without_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert machine.cores() == 1


def test_no_limit_is_no_change() -> None:
    with machine.blas_threads(None) as context:
        assert context is None


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system places threads itself")
def test_cores_are_restricted_and_restored() -> None:
    before = os.sched_getaffinity(0)
    for count in (None, 1, len(before)):
        with machine.few_cores(count):
            assert machine.cores() == (len(before) if count is None else count)
        assert os.sched_getaffinity(0) == before

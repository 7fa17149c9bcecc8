from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from pellucid.training.remote.parcel import Content, FileReference, Missing


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def content() -> Content:
    return Content.of({"x": np.arange(1000, dtype=np.float32), "empty": np.zeros((0, 3)), "name": "numbers"})


def test_what_went_in_comes_out() -> None:
    packed = b"".join(content().parts())
    found = Content.unpacked(memoryview(packed))
    assert found.digest == content().digest
    value = found.value()
    assert np.array_equal(value["x"], np.arange(1000))
    assert (value["empty"].shape, value["name"]) == ((0, 3), "numbers")


def test_arrays_are_views_of_the_file_and_nobody_writes_to_them() -> None:
    reference = FileReference(content().digest)
    assert isinstance(reference.fetch(), Missing)
    reference.write(content().parts())
    x = reference.fetch()["x"]
    assert not x.flags.writeable
    assert not x.flags.owndata
    assert x.ctypes.data % 64 == 0
    reference.remove()
    assert np.array_equal(x, np.arange(1000))


def test_a_process_opens_a_parcel_once() -> None:
    reference = FileReference(content().digest)
    reference.write(content().parts())
    assert FileReference(reference.digest).open() is reference.open()


@pytest.mark.parametrize("damage", [b"", b"\x01", b"\xff" * 64, b"\0" * 4096])
def test_a_file_with_another_digest_is_not_opened(damage: bytes) -> None:
    reference = FileReference("of " + content().digest)
    reference.write([damage])
    assert isinstance(reference.fetch(), Missing)
    changed = bytearray(b"".join(content().parts()))
    changed[-100] ^= 1
    reference.write([changed])
    assert isinstance(reference.fetch(), Missing)


def test_content_that_comes_along_becomes_a_file() -> None:
    packed = b"".join(content().parts())
    assert FileReference(content().digest, packed).fetch()["name"] == "numbers"
    assert FileReference(content().digest).fetch()["name"] == "numbers"
    FileReference(content().digest).write([b"damaged"])
    assert FileReference(content().digest, packed).fetch()["name"] == "numbers"


def test_files_of_killed_processes_are_removed_after_a_day(tmp_path: Path) -> None:
    reference = FileReference(content().digest)
    reference.write(content().parts())
    old, young = reference.path.with_name("old"), reference.path.with_name("young")
    for file in (old, young):
        file.touch()
    os.utime(old, (0, 0))
    reference.write(content().parts())
    assert sorted(reference.path.parent.iterdir()) == sorted([reference.path, young])


def test_a_folder_that_cannot_be_made_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "file"))
    packed = b"".join(content().parts())
    assert FileReference(content().digest, packed).fetch()["name"] == "numbers"


def test_what_cannot_be_pickled_is_refused() -> None:
    with pytest.raises(pl.ConfigurationError, match="can be pickled"):
        Content.of(lambda: 0)

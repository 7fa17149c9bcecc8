"""`pl.export`: the target by the file's ending, its options, and files whole or not at all."""

from __future__ import annotations

import os

import pytest

import pellucid as pl
from exports.drawn_networks import of_images


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("net.txt", {}, "a file that ends in .onnx, .c, .py"),
        ("net", {"to": "rust"}, "to expected one of onnx, c, numpy; got 'rust'"),
        ("net.py", {"int8": True}, "int8 is for C"),
        ("net.c", {"dtype": "uint8"}, "dtype is for ONNX"),
        ("net.npz", {"to": "numpy"}, "another ending than .npz"),
        (3, {}, "expected a path"),
    ],
)
def test_wrong_options_are_refused(name, options, message, tmp_path):
    path = name if isinstance(name, int) else tmp_path / name
    with pytest.raises(pl.ConfigurationError, match=message):
        pl.export(of_images("dense"), path, **options)
    assert list(tmp_path.iterdir()) == []


def test_only_networks_are_exported(tmp_path):
    with pytest.raises(pl.ConfigurationError, match="expected a network, got str"):
        pl.export("digits-relu", tmp_path / "net.c")


def test_any_ending_with_a_target(tmp_path):
    assert pl.export(of_images("dense"), tmp_path / "net.h", "c") == (tmp_path / "net.h",)
    assert "int net_read(" in (tmp_path / "net.h").read_text()


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "net.c"
    pl.export(of_images("dense"), path)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        pl.export(of_images("levels"), path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["net.c"]

"""MNIST: from PELLUCID_DATA, the cache or a download, and the errors without any of them."""

from __future__ import annotations

import gzip
import hashlib
import socket
import struct
from pathlib import Path

import numpy as np
import pytest
from loopback import serving

from pellucid.data import TrainTest, data_folders, load
from pellucid.data import mnist as module
from pellucid.errors import DataError, DownloadError, FileFormatError


def idx(*shape: int) -> bytes:
    return struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape) + bytes(int(np.prod(shape)))


BLANK = {
    "train-images-idx3-ubyte": idx(60_000, 28, 28),
    "train-labels-idx1-ubyte": idx(60_000),
    "t10k-images-idx3-ubyte": idx(10_000, 28, 28),
    "t10k-labels-idx1-ubyte": idx(10_000),
}
PACKED = {f"{name}.gz": gzip.compress(content, 1) for name, content in BLANK.items()}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, no PELLUCID_DATA, and blank images in place of MNIST's, with their own hashes."""
    monkeypatch.delenv(data_folders.VARIABLE, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")
    folder = tmp_path / "cache" / "mnist"
    monkeypatch.setattr(data_folders, "cache_folder", lambda _, name: tmp_path / "cache" / name)
    hashes = {name: (hashlib.sha256(content).hexdigest(), len(content)) for name, content in BLANK.items()}
    monkeypatch.setattr(module, "FILES", hashes)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setattr(module, "MIRRORS", (f"http://127.0.0.1:{probe.getsockname()[1]}/",))
    return folder


def put(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def test_the_real_one(mnist: TrainTest) -> None:
    assert mnist.train.images.shape == (60_000, 28, 28)
    assert mnist.test.images.shape == (10_000, 28, 28)
    assert mnist.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert mnist.test.labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert mnist.train.classes == tuple("0123456789")
    for part, names in ((mnist.train, ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")),
                        (mnist.test, ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"))):  # fmt: skip
        for values, name in zip((part.images, part.labels.astype(np.uint8)), names, strict=True):
            head = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
            content = head + values.tobytes()
            assert (hashlib.sha256(content).hexdigest(), len(content)) == module.FILES[name]


def test_downloaded_once_then_from_the_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    with serving(PACKED) as mirror:
        monkeypatch.setattr(module, "MIRRORS", (mirror.address,))
        data = load("mnist", progress=lambda name, done, total: seen.append(name))
    assert (len(data.train), len(data.test)) == (60_000, 10_000)
    assert data.train.classes == tuple("0123456789")
    assert sorted(path.name for path in cache.iterdir() if path.name != ".lock") == sorted(PACKED)
    assert set(seen) == set(PACKED)
    assert len(load("mnist").train) == 60_000


def test_only_what_is_missing_is_fetched(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(cache, {"train-images-idx3-ubyte": BLANK["train-images-idx3-ubyte"]})
    with serving(PACKED) as mirror:
        monkeypatch.setattr(module, "MIRRORS", (mirror.address,))
        load("mnist")
    assert [name for name, _ in mirror.asked] == list(PACKED)[1:]


def test_given_folder_comes_first(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(data_folders.VARIABLE, str(tmp_path))
    put(tmp_path / "mnist", BLANK)
    put(cache, dict.fromkeys(PACKED, b"damaged"))
    assert len(load("mnist").train) == 60_000


def test_given_folder_without_mnist_is_passed_over(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(data_folders.VARIABLE, str(tmp_path / "absent"))
    put(cache, PACKED)
    assert len(load("mnist").train) == 60_000


def test_offline_says_what_to_do(cache: Path) -> None:
    with pytest.raises(DownloadError, match=r"[Rr]efused") as caught:
        load("mnist")
    for advice in ("PELLUCID_DATA", str(cache), '"digits"', "Try again"):
        assert advice in str(caught.value)
    assert [path.name for path in cache.iterdir()] == [".lock"]


def test_cache_that_cannot_be_made(cache: Path) -> None:
    cache.parent.parent.mkdir(exist_ok=True)
    cache.parent.write_bytes(b"a file where the folder should be")
    with pytest.raises(DownloadError, match=r"Could not write to .*PELLUCID_DATA"):
        load("mnist")


def test_damaged_cache_says_delete(cache: Path) -> None:
    put(cache, PACKED | {"t10k-images-idx3-ubyte.gz": PACKED["t10k-images-idx3-ubyte.gz"][:-20]})
    with pytest.raises(FileFormatError, match=r"t10k-images.*delete .*mnist"):
        load("mnist")


def test_other_images_under_its_name(cache: Path) -> None:
    put(cache, BLANK | {"t10k-images-idx3-ubyte": idx(9_999, 28, 28)})
    with pytest.raises(DataError, match="Expected 10000 images"):
        load("mnist")


def test_without_a_home_there_is_nowhere_to_download_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(data_folders.VARIABLE, raising=False)
    monkeypatch.setattr(data_folders, "cache_folder", lambda *_: None)
    for name in ("mnist", "fsdd"):
        with pytest.raises(DownloadError, match="Expected a home folder"):
            load(name)

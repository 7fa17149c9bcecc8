"""Networks of other libraries in the studio: ONNX files, from the command line and as uploads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.serving.upload_check import Limits, UploadCheck
from pellucid.studio.state.edited_network import EditedNetwork

pytest.importorskip("onnx", reason="needs onnx: pip install '.[onnx]'")


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("onnx") / "digits.onnx"
    pl.to_onnx(pl.load("digits-relu"), path)
    return path.read_bytes()


def test_an_onnx_file_is_the_network_that_it_was(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "digits.onnx"
    path.write_bytes(content)
    for edited in (EditedNetwork.load(str(path)), EditedNetwork.of_bytes(content, "digits.onnx")):
        assert np.array_equal(edited.net.parameters, pl.load("digits-relu").parameters)
        assert edited.name == "digits.onnx"


def test_uploads_are_tried_in_a_child(content: bytes) -> None:
    check = UploadCheck(Limits(seconds=100.0))
    check.try_out("network", content)
    with pytest.raises(RefusedError, match="the network is no ONNX file") as caught:
        check.try_out("network", content[:-900])
    assert caught.value.code == "bad_value"

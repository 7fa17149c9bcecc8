"""Uploads are tried in a child with limits: good ones pass, others are refused with the reason."""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

import pellucid as pl
from pellucid.network.files import network_bytes
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.serving.upload_check import Kind, Limits, UploadCheck

PATIENT = Limits(seconds=100.0)  # for machines that are busy with other tests


def net() -> bytes:
    return network_bytes(pl.load("digits-relu"))


def picture(side: int) -> bytes:
    file = io.BytesIO()
    array = np.full((side, side), 240, np.uint8)
    array[side // 4 : side // 2, side // 3 : side // 3 + side // 20] = 10
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


def recording(seconds: float) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, 0.1 * np.sin(np.arange(round(8000 * seconds)) / 5), 8000, format="WAV")
    return file.getvalue()


def test_good_uploads_pass() -> None:
    check = UploadCheck(PATIENT)
    check.try_out("recording 0", recording(2.0))
    check.try_out("recording 1", recording(59.9))
    check.try_out("network", net())
    check.try_out("picture", picture(200))


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("network", b"{}", "safetensors"),
        ("network", net()[:-9], "the network"),
        ("picture", b"GIF89a", "damaged|picture"),
        ("picture", picture(5_000), "24,000,000"),
        ("recording 0", b"RIFF", "recording"),
        ("recording 1", b"ID3" + bytes(1000), "recording"),
        ("recording 1", recording(0.0), "no sound"),
    ],
)
def test_bad_uploads_are_refused_with_the_reason(kind: Kind, content: bytes, words: str) -> None:
    with pytest.raises(RefusedError, match=words) as caught:
        UploadCheck(PATIENT).try_out(kind, content)
    assert caught.value.code == "bad_value"


@pytest.mark.parametrize(
    ("kind", "content"), [("network", net()), ("picture", picture(4_000)), ("recording 0", recording(60.0))]
)
def test_uploads_that_take_too_long_or_too_much_memory_are_refused(kind: Kind, content: bytes) -> None:
    begun = time.monotonic()
    with pytest.raises(RefusedError, match=r"0\.05 seconds") as caught:
        UploadCheck(Limits(seconds=0.05)).try_out(kind, content)
    assert caught.value.code == "too_large"
    assert time.monotonic() - begun < 5
    if Path("/proc/self/statm").exists():
        with pytest.raises(RefusedError, match=r"at most 1 MB|memory"):
            UploadCheck(Limits(memory=1_000_000)).try_out(kind, content)


def test_a_long_recording_is_refused_as_too_long() -> None:
    with pytest.raises(RefusedError, match="60 seconds") as caught:
        UploadCheck(PATIENT).try_out("recording 0", recording(61.0))
    assert caught.value.code == "too_large"


def test_many_at_once_take_turns() -> None:
    with ThreadPoolExecutor(6) as threads:
        check = UploadCheck(PATIENT)
        list(threads.map(lambda _: check.try_out("picture", picture(100)), range(6)))

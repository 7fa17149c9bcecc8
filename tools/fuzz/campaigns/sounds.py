"""Recordings of all formats, many of them damaged, heard as ``pellucid hear`` hears them."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import soundfile

import pellucid as pl
from pellucid.models import HEARER
from tools.fuzz.campaign import ACCEPTED, Campaign, Case, Tally, WrongResultError
from tools.fuzz.mutations import Rng, any_size, chance, changed_bytes, pick

_KINDS = (
    ("WAV", "PCM_16"), ("WAV", "PCM_U8"), ("WAV", "PCM_24"), ("WAV", "PCM_32"), ("WAV", "FLOAT"), ("WAV", "DOUBLE"),
    ("WAV", "ULAW"), ("WAV", "IMA_ADPCM"), ("WAV", "MS_ADPCM"), ("FLAC", "PCM_16"), ("FLAC", "PCM_24"),
    ("OGG", "VORBIS"), ("AIFF", "PCM_16"), ("AU", "PCM_16"), ("RF64", "PCM_16"), ("WAVEX", "PCM_16"),
)  # fmt: skip
_RATES = (1000, 4000, 8000, 11025, 16000, 44100, 48000, 192000)
_MOST_SECONDS = 0.4
_BASES = 100
_HEAD = 64


def prepare(folder: Path) -> Case:
    """Return the case."""
    net = pl.load(HEARER)
    bases = [recorded(np.random.default_rng(n)) for n in range(_BASES)]
    path = folder / "recording"

    def case(rng: Rng) -> Tally:
        content = recording(rng, bases)
        if chance(rng, 0.7):
            path.write_bytes(content)
            heard = pl.hear(path, net)
        else:
            heard = pl.hear(io.BytesIO(content), net)
        for word in heard.words:
            if not (0 <= word.start <= word.end and 0 <= word.confidence <= 1):
                raise WrongResultError(f"{word.text} from {word.start} to {word.end} s, {word.confidence}")
        return ACCEPTED

    return case


def recording(rng: Rng, bases: list[bytes]) -> bytes:
    """Return the bytes of a recording, whole or damaged."""
    if chance(rng, 0.05):
        return recorded(rng)
    if chance(rng, 0.25):
        return wav_by_hand(rng)
    content = pick(rng, bases)
    match int(rng.integers(10)):
        case 0:
            return content
        case 1 | 2:
            return content[: int(rng.integers(len(content)))]
        case 3 | 4 | 5:
            return changed_bytes(rng, content, 0, _HEAD)
        case 6:
            return content[: int(rng.integers(_HEAD))] + pick(rng, bases)[int(rng.integers(_HEAD)) :]
        case _:
            return changed_bytes(rng, content)


def samples(rng: Rng, count: int, channels: int) -> np.ndarray:
    """Return samples (count, channels): noise, tones, silence, clipped, or of no finite size."""
    time = np.arange(count)[:, None] / 8000
    match int(rng.integers(6)):
        case 0:
            return np.zeros((count, channels))
        case 1:
            return rng.normal(0, 0.1, (count, channels))
        case 2:
            return rng.normal(0, 10, (count, channels))
        case 3:
            return np.where(rng.random((count, channels)) < 0.01, pick(rng, (np.nan, np.inf, 3e38, 1e300)), 0.0)
    return 0.3 * np.sin(2 * np.pi * rng.uniform(80, 900) * time) * np.ones(channels)


def recorded(rng: Rng) -> bytes:
    """Return a recording of random format, rate, channels and contents."""
    kind, subtype = pick(rng, _KINDS)
    rate, channels = pick(rng, _RATES), pick(rng, (1, 1, 2, 3))
    count = int(rng.integers(0, int(_MOST_SECONDS * rate)))
    made = samples(rng, count, channels)
    if subtype not in ("FLOAT", "DOUBLE"):  # the encoders of libsndfile do not survive other samples
        made = np.clip(np.nan_to_num(made), -1, 1)
    stream = io.BytesIO()
    try:
        soundfile.write(stream, made, rate, subtype, format=kind)
    except soundfile.LibsndfileError:  # a format without such rates or channels
        return wav_by_hand(rng)
    return stream.getvalue()


def wav_by_hand(rng: Rng) -> bytes:
    """Return a WAV file of which any field may be wrong."""
    data = rng.bytes(int(rng.integers(0, 4000)))
    fields = {
        "format": pick(rng, (1, 1, 1, 3, 6, 7, 0xFFFE, 0, 2, 17, 49, 85)),
        "channels": pick(rng, (1, 2, 0, 3, 64, 65, 1024, 65535)),
        "rate": pick(rng, (8000, 16000, 0, 1, 999, 768_000, 768_001, 0x7FFFFFFF, 0xFFFFFFFF)),
        "bits": pick(rng, (16, 8, 24, 32, 64, 0, 1, 12, 65535)),
    }
    if chance(rng, 0.5):
        fields |= {"channels": 1, "rate": 8000, "format": 1, "bits": 16}
    block = fields["channels"] * max(1, fields["bits"] // 8) & 0xFFFF
    each = pick(rng, (fields["rate"] * block & 0xFFFFFFFF, 0, any_size(rng, 2.0**32)))
    size = pick(rng, (len(data), len(data), 0, 0xFFFFFFFF, 0x7FFFFFFF, any_size(rng, 2.0**32))) & 0xFFFFFFFF
    form = struct.pack("<HHIIHH", fields["format"], fields["channels"], fields["rate"], each & 0xFFFFFFFF, block,
                       fields["bits"])  # fmt: skip
    more = b"LIST" + struct.pack("<I", any_size(rng, 2.0**32) & 0xFFFFFFFF) if chance(rng, 0.2) else b""
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + more + b"data" + struct.pack("<I", size) + data
    total = pick(rng, (len(body), len(body), 0, 0xFFFFFFFF))
    return b"RIFF" + struct.pack("<I", total) + body


CAMPAIGN = Campaign("recordings of all formats, whole and damaged, heard as pellucid hear does", prepare, share=90)

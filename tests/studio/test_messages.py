"""The schema: invalid messages, round trips, and the generated TypeScript."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pellucid.studio.protocol import convolve as convolve_messages
from pellucid.studio.protocol import events, requests
from pellucid.studio.protocol import lessons as lesson_messages
from pellucid.studio.protocol import look_for as look_for_messages
from pellucid.studio.protocol import why as why_messages
from pellucid.studio.protocol.frames import Payload, frame, unframe
from pellucid.studio.protocol.messages import EVENTS, MODULES, REQUESTS, decode_request
from pellucid.studio.protocol.parts import Floats, LearnPlan
from pellucid.studio.protocol.typescript import typescript

GENERATED = Path(__file__).parents[2] / "web/src/protocol/messages.ts"


@pytest.mark.skipif(not GENERATED.exists(), reason="the page's source is not here")
def test_the_committed_typescript_is_the_one_made_of_the_schema() -> None:
    assert GENERATED.read_text(encoding="utf-8") == typescript(), (
        "python -m pellucid.studio.protocol.typescript web/src/protocol/messages.ts"
    )


def test_every_struct_and_field_is_in_the_typescript_with_a_text() -> None:
    text = typescript()
    assert "/** */" not in text
    for kind in REQUESTS + EVENTS:
        assert f"export interface {kind.__name__} {{\n  readonly type: " in text
        for name in kind.__struct_encode_fields__:
            assert f"  readonly {name}" in text


def test_no_two_messages_share_a_name() -> None:
    tags = [kind.__struct_config__.tag for kind in REQUESTS + EVENTS]
    assert len(set(tags)) == len(tags) == 182


def test_every_message_declared_is_in_a_union() -> None:
    declared = {
        kind
        for module in MODULES
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, requests.Request | events.Event)
    }
    bases = {
        requests.Request, events.Event, look_for_messages.AboutNeuron, look_for_messages.AboutResponse,
        why_messages.AboutLabel, convolve_messages.Changed,
        lesson_messages.OfLesson,
    }  # fmt: skip
    assert declared - bases == {*REQUESTS, *EVENTS}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "{" * 100_000,
        "[" * 100_000,
        '{"type": "pen"}',
        '{"type": "nothing", "id": 1}',
        '{"type": "welcome", "id": 1}',
        '{"type": "train"}',
        '{"type": "train", "id": -1}',
        '{"type": "train", "id": 1.5}',
        '{"type": "train", "id": 1, "more": 2}',
        '{"type": "train", "id": 1}{"type": "train", "id": 2}',
        '{"type": "turnKnobs", "id": 1, "knobs": [1], "values": [NaN], "gesture": 0}',
        '{"type": "turnKnobs", "id": 1, "knobs": [1], "values": [1e999], "gesture": 0}',
        '{"type": "turnKnobs", "id": 1, "knobs": [1], "values": [1e31], "gesture": 0}',
        '{"type": "turnKnobs", "id": 1, "knobs": [], "values": [], "gesture": 0}',
        '{"type": "turnKnobs", "id": 1, "knobs": [-1], "values": [0], "gesture": 0}',
        '{"type": "turnKnobs", "id": 1, "knobs": [99999999999999999999], "values": [0], "gesture": 0}',
        '{"type": "pen", "id": 1, "stroke": 0, "points": [0.5, 1.5], "width": 0.1}',
        '{"type": "pen", "id": 1, "stroke": 0, "points": "0.5", "width": 0.1}',
        '{"type": "setPace", "id": 1, "batchesPerSecond": 0}',
        '{"type": "openPixels", "id": 1, "pixels": []}',
        '{"type": "setFeatures", "id": 1, "features": [], "values": []}',
        '{"type": "setFeatures", "id": 1, "features": [-1], "values": [0]}',
        b"\xff\xfe",
    ],
)
def test_what_does_not_fit_is_refused(text: str | bytes) -> None:
    with pytest.raises((msgspec.DecodeError, RecursionError, UnicodeDecodeError)):
        decode_request(text)


def test_names_are_camel_case_on_the_wire() -> None:
    request = decode_request('{"type": "setPace", "id": 3, "batchesPerSecond": 10}')
    assert request == requests.SetPace(3, 10.0)


def test_a_plan_comes_back_whole() -> None:
    plan = {
        "layers": [{"size": 16, "activation": "relu"}, {"size": 10, "activation": "softmax"}],
        "loss": "cross_entropy",
        "optimizer": {"kind": "adam", "learningRate": 0.004},
        "batchSize": 64,
        "data": "digits",
        "seed": (1 << 53) - 1,
    }
    made = msgspec.convert(plan, LearnPlan)
    assert msgspec.json.decode(msgspec.json.encode(made), type=LearnPlan) == made
    assert made.seed == (1 << 53) - 1


finite = arrays.arrays(
    np.float32, arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5), elements=st.floats(width=32)
)


@given(st.lists(finite, max_size=4))
def test_arrays_come_out_of_a_frame_as_they_went_in(given_arrays: list[np.ndarray]) -> None:
    payload = Payload()
    places = [payload.put(array) for array in given_arrays]
    data = frame(events.Failed(1, "busy", "ä" * len(places)), payload)
    event, floats = unframe(data)
    assert event == {"type": "failed", "request": 1, "code": "busy", "message": "ä" * len(places)}
    for array, place in zip(given_arrays, places, strict=True):
        found = floats[place.offset : place.offset + array.size].reshape(place.shape)
        np.testing.assert_array_equal(found, array)
    assert len(floats) == sum(array.size for array in given_arrays)


def test_a_payload_keeps_what_was_put_and_not_what_it_became() -> None:
    payload, values = Payload(), np.ones(3, np.float32)
    place = payload.put(values)
    values[...] = 2.0
    _, floats = unframe(frame(events.Examined(0, 1, place, 3, 0, [], [], [], place, place), payload))
    assert place == Floats(0, [3])
    assert floats.tolist() == [1.0, 1.0, 1.0]


def test_what_float32_does_not_hold_is_its_largest_number() -> None:
    payload = Payload()
    payload.put(np.array([1e300, -np.inf]))
    assert payload.parts[0].tolist() == [np.finfo(np.float32).max, np.finfo(np.float32).min]

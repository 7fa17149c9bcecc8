"""Listen: every number on the page is the trace's; by pointer, keyboard and finger; voices, files, a microphone."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Locator, expect

import pellucid as pl
from chromium import CHROMIUM, FLAGS
from pellucid.speech.features import HOP, RATE, evened, stacked
from pellucid.studio.rooms.listen.recordings import utterances_of
from pellucid.studio.state.embedded_voices import spoken_by, voice_names
from studio.browser.visitor import Visitor

VOICE = "espeak:en-gb+m2"
PAUSE = 0.12
STEP = 2 * HOP
UPLOAD = 60_000
"""Milliseconds that the check of an upload may take on a busy machine."""


@pytest.fixture
def listener(visitor: Visitor) -> Visitor:
    visitor.open("#/listen")
    say(visitor, "381")
    return visitor


def say(visitor: Visitor, digits: str) -> None:
    """Let the voice say digits, and wait for everything that is heard."""
    page = visitor.page
    page.get_by_label("Voice", exact=True).select_option(VOICE)
    page.get_by_label("Digits to say").fill(digits)
    page.get_by_role("button", name="Say it").click()
    expect(page.locator(".take-name").first).to_contain_text(" ".join(digits))
    visitor.settle()


@cache
def samples(digits: str) -> np.ndarray:
    return spoken_by(VOICE, [int(digit) for digit in digits], PAUSE)


@cache
def trace(digits: str) -> tuple[float, pl.Trace]:
    """Where the first utterance begins, and its trace."""
    _, [utterance, *_] = utterances_of(samples(digits), pl.speech.utterances.PAUSE)
    return utterance.begin * HOP, pl.load("spoken-digits").trace(stacked(evened(utterance.power), 2))


def wav(sound: np.ndarray, rate: int = RATE) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, sound, rate, "PCM_16", format="WAV")
    return file.getvalue()


def text(visitor: Visitor, slot: int = 0) -> Locator:
    return visitor.page.locator("h2[data-text]").nth(slot)


def timeline(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("slider", name="Time in the first recording")


def press(visitor: Visitor, row: str, share: float, to: float | None = None) -> None:
    """Press the picture in a row at a share of its width, or drag from there."""
    page = visitor.page
    timeline(visitor).scroll_into_view_if_needed()
    name = page.locator(".names span").filter(has_text=re.compile(rf"^\s*{row}")).first
    name.scroll_into_view_if_needed()
    box, place = timeline(visitor).bounding_box(), name.bounding_box()
    assert box is not None
    assert place is not None
    y = place["y"] + place["height"] / 4
    page.mouse.move(box["x"] + share * box["width"], y)
    page.mouse.down()
    if to is not None:
        page.mouse.move(box["x"] + to * box["width"], y, steps=6)
    page.mouse.up()


def selected(visitor: Visitor) -> tuple[float, ...]:
    """Begin and end of the selection."""
    span = visitor.page.locator("[data-selection]")
    span.wait_for()
    return tuple(map(float, (span.get_attribute("data-selection") or "").split()))


def middle_of(number: int) -> float:
    """The middle of a word of "381", as a share of the recording."""
    word = pl.speech.hear(io.BytesIO(wav_floats(samples("381")))).words[number]
    return (word.start + word.end) / 2 / (len(samples("381")) / RATE)


def cursor(visitor: Visitor) -> float:
    return float(timeline(visitor).get_attribute("aria-valuenow") or "nan")


def check_values(visitor: Visitor, digits: str, layer: int, unit: int, names: str) -> None:
    """The values of a unit at the cursor are the trace's."""
    visitor.settle()
    begin, found = trace(digits)
    step = int((cursor(visitor) + 1e-6 - begin) / STEP)
    for name in names:
        place = visitor.page.locator(f'[data-quantity="{name}"][data-value]')
        place.wait_for()
        values = {"z": "sums", "a": "activations"}.get(name, name)
        expected = getattr(found[layer], values)[step, unit]
        assert float(place.get_attribute("data-value") or "nan") == pytest.approx(float(expected), rel=1e-5, abs=1e-6)


def test_what_it_hears_is_what_the_command_hears(listener: Visitor) -> None:
    page = listener.page
    heard = pl.speech.hear(io.BytesIO(wav_floats(samples("381"))))
    expect(text(listener)).to_have_attribute("data-text", heard.text)
    told = [float(each.get_attribute("data-confidence") or "nan") for each in page.locator("[data-confidence]").all()]
    assert told == pytest.approx([word.confidence for word in heard.words])
    page.get_by_role("button", name="Select word 2, eight").click()
    assert selected(listener) == pytest.approx((heard.words[1].start, heard.words[1].end))


def wav_floats(sound: np.ndarray) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, sound, RATE, "FLOAT", format="WAV")
    return file.getvalue()


def test_the_gates_at_the_cursor_are_the_trace_s(listener: Visitor) -> None:
    page = listener.page
    page.get_by_label("Unit", exact=True).fill("17")
    page.get_by_label("Unit", exact=True).press("Enter")
    timeline(listener).focus()
    page.keyboard.press("Home")
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    check_values(listener, "381", 0, 17, "ifgoch")
    page.get_by_role("button", name="← backward").click()
    check_values(listener, "381", 0, pl.load("spoken-digits").layers[0].hidden_size + 17, "ifgoch")
    page.get_by_role("button", name="layer 2, LSTM").click()
    page.get_by_label("Unit", exact=True).fill("40")
    page.get_by_label("Unit", exact=True).press("Enter")
    listener.settle()
    check_values(listener, "381", 1, 40, "ifgoch")
    page.get_by_role("button", name="layer 3, dense").click()
    page.get_by_label("Unit", exact=True).fill("9")
    page.get_by_label("Unit", exact=True).press("Enter")
    listener.settle()
    check_values(listener, "381", 2, 9, "za")


def test_pointer_scrubs_selects_and_chooses(listener: Visitor) -> None:
    page = listener.page
    long = len(samples("381")) / RATE
    press(listener, "mel", 0.25, 0.5)
    assert selected(listener) == pytest.approx((0.25 * long, 0.5 * long), abs=0.02)
    assert cursor(listener) == pytest.approx(0.5 * long, abs=0.02)
    press(listener, "sounds p", 0.3, 0.7)
    assert cursor(listener) == pytest.approx(0.7 * long, abs=0.02)
    assert selected(listener) == pytest.approx((0.25 * long, 0.5 * long), abs=0.02)
    press(listener, "c", 0.5)
    assert page.get_by_label("Unit", exact=True).input_value() != ""
    check_values(listener, "381", 0, int(page.get_by_label("Unit", exact=True).input_value()), "ifgoch")
    press(listener, "words", middle_of(2))
    words = pl.speech.hear(io.BytesIO(wav_floats(samples("381")))).words
    assert selected(listener) == pytest.approx((words[2].start, words[2].end))


def test_a_muted_word_is_lost_and_undone_by_keyboard(listener: Visitor) -> None:
    page = listener.page
    before = text(listener).get_attribute("data-text") or ""
    page.get_by_role("button", name="Select word 2, eight").focus()
    page.keyboard.press("Enter")
    mute = page.get_by_role("button", name="Mute")
    mute.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-edits]")).to_have_attribute("data-edits", "1")
    expect(page.locator("[data-before]")).to_have_attribute("data-before", before)
    expect(text(listener)).not_to_have_attribute("data-text", before)
    page.get_by_role("button", name="Undo the last change").click()
    expect(text(listener)).to_have_attribute("data-text", before)
    expect(page.locator("[data-edits]")).to_have_count(0)


def test_words_are_swapped_and_stretched(listener: Visitor) -> None:
    page = listener.page
    page.get_by_role("button", name="Select word 1, three").click()
    page.get_by_role("button", name="Swap with").click()
    press(listener, "words", middle_of(2))
    expect(page.locator("[data-selection]")).to_contain_text("to swap with")
    page.get_by_role("button", name="Swap", exact=True).click()
    expect(page.locator("[data-edits]")).to_have_count(1)
    expect(text(listener)).to_have_attribute("data-text", re.compile(r"^\W*1\W*8\W*3"))
    long = float(timeline(listener).get_attribute("aria-valuemax") or "nan")
    page.get_by_role("button", name="Select word 1, one").click()
    page.get_by_label("How many times as long").select_option(label="× 2")
    page.get_by_role("button", name="Stretch").click()
    expect(page.locator("[data-edits]")).to_have_attribute("data-edits", "2")
    assert float(timeline(listener).get_attribute("aria-valuemax") or "nan") > long + 0.1
    page.get_by_role("button", name="Undo all").click()
    expect(page.locator("[data-edits]")).to_have_count(0)


def test_the_keyboard_selects_plays_and_clears(listener: Visitor) -> None:
    page = listener.page
    timeline(listener).focus()
    page.keyboard.press("Home")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    for _ in range(5):
        page.keyboard.press("Shift+ArrowRight")
    assert selected(listener) == pytest.approx((4 * STEP, 9 * STEP))
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Play the selection")).to_be_visible()
    page.wait_for_function("parseFloat(document.querySelector('[role=slider][aria-valuetext]').ariaValueNow) > 0.1")
    page.keyboard.press("Escape")
    expect(page.locator("[data-selection]")).to_have_count(0)


def test_the_threshold_does_what_its_table_says(listener: Visitor) -> None:
    page = listener.page
    rows = page.locator("tr[data-up-to]")
    limit, promised = (rows.nth(1).get_attribute(name) or "" for name in ("data-up-to", "data-text"))
    slider = page.get_by_role("slider", name="Threshold")
    slider.evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('change', { bubbles: true })); }",
        f"{float(limit) - 0.005:.2f}",
    )
    listener.settle()
    threshold = float(page.locator("[data-threshold]").get_attribute("data-threshold") or "nan")
    expected = pl.speech.hear(io.BytesIO(wav_floats(samples("381"))), threshold=threshold).text
    expect(text(listener)).to_have_attribute("data-text", expected)
    if threshold <= float(limit):
        expect(rows.nth(1)).to_have_attribute("data-text", promised)
    page.get_by_label("Number of digits, if known").select_option("3")
    listener.settle()
    expected = pl.speech.hear(io.BytesIO(wav_floats(samples("381"))), digits=3, threshold=threshold).text
    expect(text(listener)).to_have_attribute("data-text", expected)


def test_a_recording_is_chosen_and_another_dropped(listener: Visitor) -> None:
    page = listener.page
    page.locator("main input[type=file]").set_input_files(
        {"name": "seven.wav", "mimeType": "audio/wav", "buffer": wav(samples("7"))}
    )
    expect(page.locator(".take-name").first).to_contain_text("seven.wav", timeout=UPLOAD)
    expected = pl.speech.hear(io.BytesIO(wav(samples("7")))).text
    expect(text(listener)).to_have_attribute("data-text", expected)
    dropped = page.evaluate_handle(
        """(content) => {
            const files = new DataTransfer();
            const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
            files.items.add(new File([bytes], "four.wav", { type: "audio/wav" }));
            return files;
        }""",
        base64.b64encode(wav(samples("4"))).decode(),
    )
    page.get_by_role("region", name="first recording", exact=True).dispatch_event("drop", {"dataTransfer": dropped})
    expect(page.locator(".take-name").first).to_contain_text("four.wav", timeout=UPLOAD)
    listener.room("Read")
    page.locator("body").dispatch_event("drop", {"dataTransfer": dropped})
    expect(page.get_by_role("main", name="Listen")).to_be_visible()
    page.locator("main input[type=file]").set_input_files(
        {"name": "notes.wav", "mimeType": "audio/wav", "buffer": b"hello"}
    )
    expect(page.locator(".notice")).to_contain_text("cannot be read as a recording: expected WAV", timeout=UPLOAD)
    assert all("400" in complaint for complaint in listener.complaints)
    listener.complaints.clear()  # the browser tells of the status


def test_two_recordings_stand_side_by_side(listener: Visitor) -> None:
    page = listener.page
    page.get_by_role("button", name="Side by side").click()
    page.get_by_label("Digits to say").fill("74")
    page.get_by_role("button", name="Say it").click()
    expect(page.locator(".take-name")).to_have_count(2)
    expect(text(listener, 1)).to_have_attribute("data-text", pl.speech.hear(io.BytesIO(wav_floats(samples("74")))).text)
    assert text(listener).get_attribute("data-text") != text(listener, 1).get_attribute("data-text")
    boxes = [
        page.get_by_role("region", name=f"{each} recording", exact=True).bounding_box() for each in ("first", "second")
    ]
    assert all(boxes)
    assert boxes[0]["y"] == boxes[1]["y"]  # type: ignore[index]
    page.reload()
    expect(page.locator(".take-name")).to_have_count(1)
    page.get_by_role("button", name="Side by side").click()
    expect(page.locator(".take-name")).to_have_count(2)


def test_what_is_seen_can_be_kept(listener: Visitor) -> None:
    page = listener.page
    for item, start in {"Image as PNG": b"\x89PNG", "Image as SVG": b"<?xml", "Data as CSV": b""}.items():
        page.get_by_role("button", name="Download").first.click()
        with page.expect_download() as download:
            page.get_by_role("button", name=item).click()
        content = Path(download.value.path()).read_bytes()
        assert content.startswith(start)
        assert len(content) > 200


def test_a_refused_microphone_is_explained(listener: Visitor) -> None:
    page = listener.page
    page.get_by_role("button", name="Speak").click()
    expect(page.get_by_role("alert")).to_contain_text("microphone")
    expect(page.get_by_role("button", name="Speak")).to_be_enabled()


@pytest.fixture(scope="module")
def spoken_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the fake microphone says again and again: digits, in the noise of a room."""
    said = samples("381")
    noise = np.random.default_rng(0).normal(0, float(np.abs(said).max()) / 100, 2 * RATE)
    whole = np.concatenate([noise[:RATE], said, noise])
    path = tmp_path_factory.mktemp("said") / "said.wav"
    high = np.interp(np.arange(6 * len(whole)) / 6, np.arange(len(whole)), whole)
    soundfile.write(path, high, 6 * RATE, "PCM_16")
    return path


@pytest.fixture
def speaker(browser: Browser, link: str, spoken_file: Path) -> Iterator[Visitor]:
    """Somebody with a microphone."""
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    own = browser.browser_type.launch(
        executable_path=CHROMIUM, args=[*FLAGS, *fake, f"--use-file-for-fake-audio-capture={spoken_file}"]
    )
    visitor = Visitor(own.new_context(viewport={"width": 1440, "height": 900}), link, "#/listen")
    yield visitor
    own.close()
    assert visitor.complaints == []


def test_a_microphone_says_digits_and_the_ladder_appears(speaker: Visitor) -> None:
    page = speaker.page
    page.get_by_role("button", name="Speak").click()
    page.locator("[data-level]").wait_for()
    page.locator('[data-speaking="true"]').wait_for()
    page.locator(".word.open").first.wait_for()  # while it is still being said
    page.locator("h2[data-text]:has(.word):not(:has(.word.open))").wait_for()
    page.locator('[data-speaking="false"]').wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Play", exact=True).wait_for()
    expect(page.locator(".take-name").first).to_contain_text("microphone,")
    guesses = (text(speaker).get_attribute("data-text") or "").replace("(", "").replace(")", "")
    assert guesses.startswith("381")
    expect(page.get_by_role("button", name="Select word 2, eight")).to_be_visible()
    assert page.locator(".sounds button").count() >= 8
    expect(page.get_by_role("button", name="Speak")).to_be_enabled()
    assert {url.split("/")[2].split(":")[0] for url in speaker.requests if "://" in url} == {"127.0.0.1"}


def test_leaving_the_room_closes_the_microphone(speaker: Visitor) -> None:
    page = speaker.page
    page.get_by_role("button", name="Speak").click()
    page.locator("[data-level]").wait_for()
    speaker.room("Read")
    speaker.settle()
    speaker.room("Listen")
    expect(page.get_by_role("button", name="Speak")).to_be_enabled()
    expect(page.locator("[data-level]")).to_have_count(0)


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1024, "dark"), (1600, "light")])
def test_axe_finds_nothing_at_any_size(browser: Browser, link: str, axe: str, width: int, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True
    )
    try:
        visitor = Visitor(context, link, "#/listen")
        say(visitor, "651")
        visitor.page.get_by_role("button", name="Select word 1").click()
        visitor.page.evaluate(axe + "; undefined")
        found = visitor.page.evaluate("axe.run().then(({ violations }) => violations)")
        assert [(each["id"], each["nodes"][0]["html"][:160]) for each in found] == []
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
    finally:
        context.close()


def test_it_works_by_touch_on_a_small_screen(browser: Browser, link: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    visitor = Visitor(context, link, "#/listen")
    page = visitor.page
    page.get_by_label("Voice", exact=True).select_option(VOICE)
    page.get_by_label("Digits to say").fill("381")
    page.get_by_role("button", name="Say it").tap()
    page.get_by_role("button", name="Select word 2, eight").tap()
    expect(page.locator("[data-selection]")).to_contain_text("Selected")
    page.get_by_role("button", name="Mute").tap()
    expect(page.locator("[data-edits]")).to_have_attribute("data-edits", "1")
    stage = timeline(visitor)
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    long = len(samples("381")) / RATE
    assert cursor(visitor) == pytest.approx(long / 2, abs=0.03)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = """() => [...document.querySelectorAll("main button:not(p *)")].filter((each) => {
        const { width, height } = each.getBoundingClientRect();
        return width > 0 && (width < 24 || height < 24);
    }).map((each) => each.ariaLabel || each.innerText)"""
    assert page.evaluate(small) == []
    context.close()
    assert visitor.complaints == []


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
def test_a_presentation_fills_the_screen(browser: Browser, link: str, axe: str, width: int, height: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce", bypass_csp=True)
    try:
        visitor = Visitor(context, link, "#/listen?present")
        say(visitor, "381")
        page = visitor.page
        assert page.evaluate("document.documentElement.scrollHeight") <= height
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate(axe + "; undefined")
        assert page.evaluate("axe.run().then(({ violations }) => violations.map(({ id }) => id))") == []
    finally:
        context.close()


def test_the_voice_is_one_of_those_held_out() -> None:
    assert VOICE in voice_names()

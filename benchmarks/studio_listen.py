"""The room Listen in a real browser with a fake microphone: sound to spectrogram, to ladder, scrubbing; long tasks.

    python benchmarks/studio_listen.py

The microphone says digits again and again.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import soundfile
from playwright.sync_api import Page

from browser import (
    Awaited,
    Watch,
    counted_frames,
    forget,
    report,
    report_load,
    report_tasks,
    studio,
    times,
    watched_page,
)
from pellucid.speech.features import RATE
from pellucid.studio.rooms.listen.live_listening import LiveListening
from pellucid.studio.state.embedded_voices import spoken_by

VOICE = "espeak:en-gb-scotland+f3"
SECONDS = 20

# A block of the microphone is answered by its bands; dragging over a recording shows the cursor and its numbers.
WATCH = Watch([Awaited("hearSamples", "sounding", "sent")], {"scrub": "[role=slider]"})

# From the last block that an unfinished ladder was made of to the end of the frame that shows it.
LADDERS = """
(() => {
  const [blocks, heard] = [new Map(), []];
  __times.ladder = [];
  __sent.push((request) => { if (request.type === "hearSamples") blocks.set(request.id, performance.now()); });
  __heard.push((event) => {
    if (event.type === "sounding")
      heard.push({ seconds: (event.at + event.samples.shape[0]) / 8000, at: blocks.get(event.request) });
    if (event.type !== "heard" || event.utterances.length !== 1 || event.utterances[0].final) return;
    const [{ start, steps }] = event.utterances;
    const block = heard.find(({ seconds }) => seconds >= start + steps * 0.03) ?? heard.at(-1);
    if (block) __ended((now) => __times.ladder.push(now - block.at));
  });
})()
"""


def main() -> None:
    """Measure and print."""
    report_load("before")
    end_of_utterance()
    with tempfile.TemporaryDirectory() as folder, studio("--model", "digits-sigmoid") as link:
        sound = Path(folder) / "said.wav"
        soundfile.write(sound, spoken(6), 6 * RATE, "PCM_16")
        arguments = [
            "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={sound}",
        ]  # fmt: skip
        with watched_page(link + "#/listen", WATCH, arguments=arguments) as page:
            page.evaluate(LADDERS)
            speak(page)
            scrub(page)
    report_load("after")


def spoken(rate: int) -> np.ndarray:
    """Digits of a voice in the noise of a room, at ``rate`` times the rate of the recordings."""
    said = spoken_by(VOICE, [3, 8, 1, 6], 0.12)
    noise = np.random.default_rng(0).normal(0, float(np.abs(said).max()) / 100, RATE)
    whole = np.concatenate([noise, said, noise])
    return np.interp(np.arange(rate * len(whole)) / rate, np.arange(len(whole)), whole)


def end_of_utterance() -> None:
    """How long after the last loud frame the end is told, in blocks of 16 ms."""
    samples = spoken(1)
    live = LiveListening(RATE, lambda *_: None, lambda: None)
    size = RATE // 62
    blocks = [(samples[begin : begin + size] * 32767).astype(np.int16) for begin in range(0, len(samples), size)]
    told = [live.feed(block).speaking for block in blocks]
    live.close()
    levels = np.convolve(samples**2, np.ones(240) / 240, "same")
    loud_until = float(np.flatnonzero(levels > levels.max() / 500)[-1]) / RATE
    until = (len(told) - told[::-1].index(True)) * size / RATE
    print(f"end of an utterance told {1e3 * (until - loud_until):.0f} ms after its last loud sound")


def speak(page: Page) -> None:
    """Listen to the microphone for a while."""
    page.get_by_role("button", name="Speak").click()
    page.locator('[data-speaking="true"]').wait_for()
    forget(page)
    page.wait_for_timeout(1000 * SECONDS)
    report(
        "block of 16 ms from the microphone to the end of the frame with its spectrogram",
        times(page, "hearSamples"),
    )
    report("end of the sound heard to the end of the frame with the revised ladder", times(page, "ladder"))
    report_tasks(page, "while it listens")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Play", exact=True).wait_for()


def scrub(page: Page) -> None:
    """Scrub to and fro over eight seconds with a unit's values on the screen."""
    page.get_by_label("Unit", exact=True).fill("17")
    page.get_by_label("Unit", exact=True).press("Enter")
    stage = page.get_by_role("slider", name="Time in the first recording")
    box = stage.bounding_box()
    assert box is not None
    y = box["y"] + min(300, box["height"] / 2)
    page.mouse.move(box["x"] + 5, y)
    page.mouse.down()
    forget(page)
    with counted_frames(page, "scrubbing"):
        for _ in range(3):
            page.mouse.move(box["x"] + box["width"] - 5, y, steps=120)
            page.mouse.move(box["x"] + 5, y, steps=120)
    page.mouse.up()
    report("pointer to the end of the frame with the cursor and its numbers", times(page, "scrub"))
    report_tasks(page, "while it is scrubbed")


if __name__ == "__main__":
    main()

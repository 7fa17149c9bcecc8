"""The room Listen in a real browser with a fake microphone: sound to spectrogram, to ladder, scrubbing; long tasks.

    python benchmarks/studio_listen.py

Chromium runs headless and draws in software, as on a machine without a graphics card. The microphone says digits again
and again.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from playwright.sync_api import Page, sync_playwright

from pellucid.speech.features import RATE
from pellucid.studio.rooms.listen.live_listening import LiveListening
from pellucid.studio.rooms.listen.recordings import spoken_by
from studio_page import report, studio

VOICE = "espeak:en-gb-scotland+f3"
SECONDS = 20

# From a block of the microphone in the page to the end of the frame that draws its bands; from the last block that an
# unfinished ladder was made of to the end of the frame that shows it; frames and inputs while somebody scrubs.
WATCH = """
(() => {
  const times = (window.__times = { spectrum: [], ladder: [], input: [], frames: [], tasks: [] });
  new PerformanceObserver((list) => times.tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask" });
  const sent = new Map();
  const heard = [];
  const ended = (then) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => then(performance.now());
    channel.port2.postMessage(0);
  });
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (text) {
    if (!this.__watched) {
      this.__watched = true;
      this.addEventListener("message", ({ data }) => {
        const length = new DataView(data).getUint32(0, true);
        const event = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
        if (event.type === "sounding") {
          const at = sent.get(event.request);
          sent.delete(event.request);
          heard.push({ seconds: (event.at + event.samples.shape[0]) / 8000, at });
          ended((now) => times.spectrum.push(now - at));
        } else if (event.type === "heard" && event.utterances.length === 1 && !event.utterances[0].final) {
          const [{ start, steps }] = event.utterances;
          const until = start + steps * 0.03;
          const block = heard.find(({ seconds }) => seconds >= until) ?? heard.at(-1);
          if (block) ended((now) => times.ladder.push(now - block.at));
        }
      });
    }
    const request = JSON.parse(text);
    if (request.type === "hearSamples") sent.set(request.id, performance.now());
    send.call(this, text);
  };
  let moved = 0;
  addEventListener("pointermove", (event) => { moved ||= event.timeStamp; }, true);
  addEventListener("pointermove", () => {
    const begun = moved;
    if (begun) ended((now) => times.input.push(now - begun));
    moved = 0;
  });
  let last = 0;
  const frame = (now) => {
    if (last) times.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})();
"""


def main() -> None:
    """Measure and print."""
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}")
    end_of_utterance()
    with (
        tempfile.TemporaryDirectory() as folder,
        studio("--model", "digits-sigmoid") as link,
        sync_playwright() as play,
    ):
        sound = Path(folder) / "said.wav"
        soundfile.write(sound, spoken(6), 6 * RATE, "PCM_16")
        browser = play.chromium.launch(
            executable_path=os.environ.get("PELLUCID_CHROMIUM") or shutil.which("chromium"),
            args=[
                "--no-sandbox", "--enable-unsafe-swiftshader", "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream", f"--use-file-for-fake-audio-capture={sound}",
            ],
        )  # fmt: skip
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(WATCH)
        page.goto(link + "#/listen")
        speak(page)
        scrub(page)
        browser.close()
    print(f"load of the machine after: {os.getloadavg()[0]:.1f}")


def spoken(times: int) -> np.ndarray:
    """Digits of a voice in the noise of a room, at ``times`` the rate of the recordings."""
    said = spoken_by(VOICE, [3, 8, 1, 6], 0.12)
    noise = np.random.default_rng(0).normal(0, float(np.abs(said).max()) / 100, RATE)
    whole = np.concatenate([noise, said, noise])
    return np.interp(np.arange(times * len(whole)) / times, np.arange(len(whole)), whole)


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
    page.evaluate("for (const each of Object.values(__times)) each.length = 0")
    page.wait_for_timeout(1000 * SECONDS)
    report(
        "block of 16 ms from the microphone to the end of the frame with its spectrogram",
        page.evaluate("__times.spectrum"),
    )
    report("end of the sound heard to the end of the frame with the revised ladder", page.evaluate("__times.ladder"))
    tasks(page, "while it listens")
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
    page.evaluate("for (const each of Object.values(__times)) each.length = 0")
    for _ in range(3):
        page.mouse.move(box["x"] + box["width"] - 5, y, steps=120)
        page.mouse.move(box["x"] + 5, y, steps=120)
    page.mouse.up()
    frames = np.array(page.evaluate("__times.frames"))
    report("pointer to the end of the frame with the cursor and its numbers", page.evaluate("__times.input"))
    print(
        f"scrubbing: {1e3 / frames.mean():.0f} frames a second, 95 % of them within {np.percentile(frames, 95):.1f} ms"
    )
    tasks(page, "while it is scrubbed")


def tasks(page: Page, when: str) -> None:
    """Print the page's tasks over 50 ms."""
    found = page.evaluate("__times.tasks")
    print(
        f"tasks of the page over 50 ms {when}: {len(found)}" + (f", the longest {max(found):.0f} ms" if found else "")
    )


if __name__ == "__main__":
    main()

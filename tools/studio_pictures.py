"""Take the README's pictures of the studio's rooms: docs/images/ROOM.png for each of them.

    python tools/studio_pictures.py [ROOM...]

It needs Chromium, playwright and the built page (`make web`).
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path += [str(ROOT / "benchmarks"), str(ROOT / "tests")]

from browser import studio  # noqa: E402
from studio.browser.visitor import Visitor  # noqa: E402

OUTPUT = ROOT / "docs" / "images"


def main() -> None:
    """Visit the rooms one after another, and take a picture of each."""
    with studio("--model", "digits-sigmoid") as link, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("PELLUCID_CHROMIUM") or shutil.which("chromium"), args=["--no-sandbox"]
        )
        context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
        visitor = Visitor(context, link)
        for show in (read, nudge, look_for, why_misread, none_of_these, show_map, listen, convolve, turn, race, learn):
            name = show.__name__.removeprefix("show_").replace("_", "-")
            if not sys.argv[1:] or name in sys.argv[1:]:
                show(visitor)
                take(visitor.page, name)
        browser.close()


def read(visitor: Visitor) -> None:
    """Take the picture of Read with a drawing."""
    visitor.draw("3")
    visitor.settle()


def turn(visitor: Visitor) -> None:
    """Take the picture of Turn with one parameter selected."""
    visitor.room("Turn")
    field = visitor.page.get_by_label("Find a knob by name")
    field.fill("0 w 3 14 14")
    field.press("Enter")
    visitor.page.get_by_label("value", exact=True).fill("1.2")
    visitor.page.get_by_label("value", exact=True).press("Enter")
    visitor.page.locator(".curve").first.wait_for()
    visitor.page.get_by_role("heading", name="pixel (14, 14)").click()


def nudge(visitor: Visitor) -> None:
    """Take the picture of Nudge: the changes that the output layer asks of the layer before it, for a test digit."""
    visitor.page.goto(visitor.link + "#/nudge?x=test-8")
    visitor.page.reload()
    visitor.page.locator("[data-cost]").wait_for()
    for _ in range(4):
        visitor.page.get_by_role("button", name="Next", exact=True).click()


def look_for(visitor: Visitor) -> None:
    """Take the picture of Look for with a neuron of the second layer, and a round of its quiz."""
    page = visitor.page
    page.goto(visitor.link + "#/look-for?x=test-8")
    page.reload()
    page.locator("[data-maximum]").nth(1).wait_for()
    page.locator('[data-neuron="2-5"]').click()
    page.get_by_role("button", name="Start the quiz").click()
    page.locator(".guess").first.wait_for()
    page.mouse.move(5, 5)


def why_misread(visitor: Visitor) -> None:
    """Take the picture of Why misread? with a misread test image and the smallest change that mends it."""
    page = visitor.page
    page.goto(visitor.link + "#/why-misread")
    page.reload()
    page.locator("[data-index]").nth(2).click()
    page.get_by_role("button", name="Find the smallest change").click()
    page.locator("[data-mended]").wait_for(timeout=60_000)
    page.mouse.move(5, 5)


def none_of_these(visitor: Visitor) -> None:
    """Take the picture of None of these once all strangers are judged, with the letters that are told as digits."""
    page = visitor.page
    page.goto(visitor.link + "#/none-of-these?x=test-8")
    page.reload()
    page.locator("[data-threshold]").wait_for()
    page.locator(".panel[aria-label=Threshold] [role=status]").wait_for(state="detached", timeout=120_000)
    page.get_by_role("button", name="Letters", exact=True).click()
    page.mouse.move(5, 5)


def show_map(visitor: Visitor) -> None:
    """Take the picture of Map at the second hidden layer, with the true neighbours of a digit."""
    page = visitor.page
    page.goto(visitor.link + "#/map?x=test-8")
    page.reload()
    page.locator("[data-neighbour]").first.wait_for()
    page.get_by_role("button", name="hidden layer 2", exact=True).click()
    page.locator("[data-column='2']").wait_for()
    page.mouse.move(5, 5)


def race(visitor: Visitor) -> None:
    """Take the picture of Race after ten epochs at rate 1, 50 starts and all rates of the embedded digits."""
    visitor.room("Learn")
    page = visitor.page
    page.get_by_label("data set", exact=True).select_option("digits")
    page.get_by_role("button", name="New network").click()
    visitor.settle()
    visitor.room("Race")
    page.locator("[data-race]").wait_for()
    page.get_by_label("Prepared races").select_option("1")
    visitor.settle()
    page.get_by_role("region", name="Prediction").get_by_role("radio").nth(1).check()
    page.get_by_role("button", name="Lock in").click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator('[data-race="finished"]').wait_for()
    for number, name in enumerate(("Train from all starts", "Train at all rates")):
        page.get_by_role("button", name=name).click()
        page.locator('[data-trials="done"]').nth(number).wait_for(timeout=600_000)
    page.evaluate("scrollTo(0, 0)")


def listen(visitor: Visitor) -> None:
    """Take the picture of Listen: a voice says a number, and one unit's values at a sound."""
    page = visitor.page
    page.goto(visitor.link + "#/listen")
    page.reload()
    page.get_by_label("Voice", exact=True).select_option("espeak:en-gb-scotland+f3")
    page.get_by_role("button", name="Say it").click()
    page.get_by_role("button", name="Select word 3").click()
    visitor.settle()
    page.mouse.move(5, 5)


def convolve(visitor: Visitor) -> None:
    """Take the picture of Convolve with a place of a first-layer map that lies on ink."""
    page = visitor.page
    page.goto(visitor.link + "#/convolve?x=test-8")
    page.reload()
    page.locator("[data-place]").wait_for()
    page.locator('[data-map="0-7"]').focus()
    page.keyboard.press("Enter")
    page.locator("[data-score]").wait_for()
    page.mouse.move(5, 5)


def learn(visitor: Visitor) -> None:
    """Take the picture of Learn after two seconds of training, with the loss around the path."""
    visitor.room("Learn")
    page = visitor.page
    page.get_by_role("button", name="New network").click()
    visitor.settle()
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_timeout(2000)
    page.get_by_role("button", name="Pause", exact=True).click()
    visitor.settle()
    page.get_by_role("button", name="Compute", exact=True).click()
    page.locator(".map").wait_for()
    page.mouse.move(5, 5)


def take(page: Page, name: str) -> None:
    """Take a picture of the window once it no longer changes."""
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(1500)
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(OUTPUT / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()

"""The room Race in a real browser and without one: many networks at once, input to paint, long tasks.

python benchmarks/studio_race.py
"""

from __future__ import annotations

import time

from playwright.sync_api import Page

import pellucid as pl
from browser import Awaited, Watch, forget, report, report_load, report_tasks, studio, times, watched_page

STARTS, EPOCHS = 50, 10

WATCH = Watch([Awaited("goToRace", "raceMoment")], {"draw": "svg.drawing"})


def main() -> None:
    """Measure and print."""
    report_load("before")
    engine()
    with studio("--model", "digits-sigmoid") as link, watched_page(link + "#/learn", WATCH) as page:
        prepare(page)
        forget(page)
        predict(page)
        report("pointer to the end of the frame with the drawn prediction", times(page, "draw"))
        begin = time.perf_counter()
        page.get_by_role("button", name="Run", exact=True).click()
        page.locator('[data-race="finished"]').wait_for()
        print(f"a race of two over {EPOCHS} epochs, examined on the way: {time.perf_counter() - begin:.2f} s")
        scrub(page)
        report("arrow key to the end of the frame with the restored step", times(page, "goToRace"))
        trials(page)
        report_tasks(page)
    report_load("after")


def engine() -> None:
    """Train 50 networks of each of two kinds for ten epochs of 8,000 images, with and without validation."""
    digits = pl.data.load("digits")
    for validation in (None, digits.test):
        recipes = [
            pl.Recipe(
                [pl.Dense(16, kind), pl.Dense(16, kind), pl.Dense(10, "softmax")], optimizer=pl.SGD(1.0), seed=seed
            )
            for seed in range(STARTS)
            for kind in ("sigmoid", "relu")
        ]
        begin = time.perf_counter()
        found = list(pl.train_many(recipes, EPOCHS, data=digits.train, validation=validation))
        seconds = time.perf_counter() - begin
        what = "" if validation is None else f", evaluated on {len(validation):,} after each"
        print(f"{len(found)} networks, {EPOCHS} epochs of {len(digits.train):,} images{what}: {seconds:.2f} s")


def prepare(page: Page) -> None:
    """Come to a race on the embedded digits."""
    page.get_by_label("data set", exact=True).select_option("digits")
    page.get_by_role("button", name="New network").click()
    page.locator('main[data-settled="true"]').wait_for()
    page.get_by_role("link", name="Race", exact=True).click()
    page.locator("[data-race]").wait_for()
    page.get_by_label("Prepared races").select_option("1")
    page.locator('main[data-settled="true"]').wait_for()
    page.wait_for_timeout(500)


def predict(page: Page) -> None:
    """Draw a curve with the pointer, and lock it in."""
    panel = page.get_by_role("region", name="Prediction")
    panel.get_by_role("radio").first.check()
    panel.get_by_role("button", name="Draw the curve of sigmoid").click()
    box = page.locator('[data-chart="accuracy"] svg').bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 120)
    page.mouse.down()
    for at in range(60):
        page.mouse.move(box["x"] + 60 + at * (box["width"] - 80) / 60, box["y"] + 120 - at)
        page.wait_for_timeout(20)
    page.mouse.up()
    panel.get_by_role("button", name="Lock in").click()


def scrub(page: Page) -> None:
    """Back and forth in time by arrow keys."""
    slider = page.get_by_label("Time of the race in mini-batches")
    slider.focus()
    for key in ("PageDown", "ArrowLeft", "ArrowLeft", "PageUp"):
        for _ in range(15):
            page.keyboard.press(key)
            page.wait_for_timeout(100)


def trials(page: Page) -> None:
    """Train from all starts and at all rates in the room."""
    begin = time.perf_counter()
    page.get_by_role("button", name="Train from all starts").click()
    page.locator('[data-trials="done"]').first.wait_for(timeout=600_000)
    seconds = time.perf_counter() - begin
    print(f"{STARTS} starts of two contestants, {EPOCHS} epochs, in the room: {seconds:.2f} s")
    begin = time.perf_counter()
    page.get_by_role("button", name="Train at all rates").click()
    page.locator('[data-trials="done"]').nth(1).wait_for(timeout=600_000)
    print(f"26 rates, three starts of each contestant, 5 epochs, in the room: {time.perf_counter() - begin:.2f} s")


if __name__ == "__main__":
    main()

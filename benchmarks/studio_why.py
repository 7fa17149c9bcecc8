"""The room Why misread? in a real browser: a class chosen, a stroke drawn and a repair searched to their votes; tasks.

python benchmarks/studio_why.py
"""

from __future__ import annotations

from playwright.sync_api import Page

from browser import Awaited, Watch, draw, forget, report, report_load, report_tasks, studio, times, watched_page

WATCH = Watch(
    [Awaited("askMisreading", "misreading", "latest"), Awaited("askRepair", "repaired")], {"chosen": '[role="radio"]'}
)

MISREAD = 25
"""Misread test images that are opened one after the other."""


def main() -> None:
    """Measure and print, for a dense network and the convolutional one."""
    report_load("before")
    for model in ("digits-sigmoid", "digits-conv"):
        with studio("--model", model) as link, watched_page(link + "#/why-misread?x=test-8", WATCH) as page:
            print(f"\n{model}")
            page.locator("[data-index]").first.wait_for()
            page.wait_for_timeout(1000)
            forget(page)
            choose(page)
            report("class chosen to the end of the frame that marks it", times(page, "chosen"))
            report("class chosen to the end of the frame with its votes", times(page, "askMisreading"))
            page.evaluate("__times.askMisreading.length = 0")
            draw(page)
            report("pen to the end of the frame with the votes", times(page, "askMisreading"))
            repair(page)
            report("search pressed to the end of the frame with the repair", times(page, "askRepair"))
            report_tasks(page)
    report_load("after")


def choose(page: Page) -> None:
    """Say by arrow keys what a picture should have been, class after class."""
    page.get_by_role("radio").first.click()
    for _ in range(40):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(120)


def repair(page: Page) -> None:
    """Open misread images, and search for the smallest change that mends each of them."""
    shown = page.locator("[data-index]").count()
    for at in range(min(MISREAD, shown)):
        page.locator("[data-index]").nth(at).click()
        page.wait_for_timeout(200)
        page.get_by_role("button", name="Find the smallest change").click()
        page.locator("[data-mended]").wait_for(timeout=60_000)


if __name__ == "__main__":
    main()

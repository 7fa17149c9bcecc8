"""Elements of HTML and SVG as text. Text and attributes are escaped; colours suit light and dark pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

BLUE, ORANGE = (58, 134, 214), (222, 128, 42)
"""Colours for values below and above zero, and for the first and second curve: seen on white and on black alike."""

FAINT = 0.25
"""Opacity of lines that only guide the eye; they have the colour of the page's text."""


def element(tag: str, *inner: str, **attributes: object) -> str:
    """Return an element with this content, which is markup already.

    Underscores in names of attributes stand for hyphens; one at the end is dropped.

    Examples
    --------
    >>> element("text", words("a < b"), font_size=12, class_="x")
    '<text font-size="12" class="x">a &lt; b</text>'
    """
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(number(value))}"' for name, value in attributes.items()
    )
    return f"<{tag}{given}>{''.join(inner)}</{tag}>"


def words(text: object) -> str:
    """Return text as markup."""
    return escape(str(text))


def number(value: object) -> str:
    """Return a coordinate with two digits at most, and anything else as text."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def picture(width: float, height: float, title: str, parts: Iterable[str]) -> str:
    """Return an SVG of this size, which shrinks with a narrow page; ``title`` says what it shows."""
    return element(
        "svg", element("title", words(title)), *parts, xmlns="http://www.w3.org/2000/svg", role="img",
        viewBox=f"0 0 {number(width)} {number(height)}", width=width, height=height, fill="currentColor",
        font_family="system-ui, sans-serif", font_size=12, style="max-width:100%;height:auto",
    )  # fmt: skip


def label(text: object, x: float, y: float, anchor: str = "start", **attributes: object) -> str:
    """Return text at a point, with its "start", "middle" or "end" there."""
    return element("text", words(text), x=x, y=y, text_anchor=anchor, **attributes)


def rgb(colour: tuple[int, int, int]) -> str:
    """Return a colour as CSS."""
    return f"rgb({colour[0]},{colour[1]},{colour[2]})"


def table(head: Sequence[object], rows: Iterable[Sequence[object]], right: frozenset[int] = frozenset()) -> str:
    """Return a table of texts; the columns in ``right`` are set flush right."""

    def cell(tag: str, at: int, text: object) -> str:
        side = "right" if at in right else "left"
        return element(tag, words(text), style=f"text-align:{side};padding:2px 10px 2px 0")

    def row(tag: str, cells: Sequence[object]) -> str:
        return element("tr", *(cell(tag, at, text) for at, text in enumerate(cells)))

    return element(
        "table", element("thead", row("th", head)), element("tbody", *(row("td", cells) for cells in rows)),
        style="border-collapse:collapse;font-size:13px",
    )  # fmt: skip


def report(title: str, *parts: str) -> str:
    """Return a whole report under its title."""
    heading = element("div", words(title), style="font-weight:600;margin-bottom:4px")
    return element(
        "div", heading, *parts, class_="pellucid", style="font-family:system-ui,sans-serif;font-size:13px;margin:4px 0"
    )

"""Make the README's picture of the main job: run `pellucid` in a pseudo-terminal and draw its output.

    python tools/terminal_picture.py

Every number in the picture comes from that run. Blocks are drawn as shapes, so that they join without seams in any
font of the reader's browser.
"""

from __future__ import annotations

import argparse
import fcntl
import html
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from collections import defaultdict
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = Path(__file__).parents[1]
CELL, LINE, MARGIN = 9, 18, 18
PAPER, INK = "#15171c", "#d6d6d6"
THEME = MONOKAI
COLOURS = {1: "#e5534b", 6: "#39b5cf"}  # the terminal colours that are used, by number
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"

# The part of its cell that a block fills: left, top, right, bottom, in eighths.
BLOCKS: dict[str, tuple[float, float, float, float]] = {
    "█": (0, 0, 8, 8),
    "▄": (0, 4, 8, 8),
    "━": (0, 3.4, 8, 4.6),
    "─": (0, 3.8, 8, 4.2),
    **{sign: (0, 0, eighths, 8) for eighths, sign in enumerate("▏▎▍▌▋▊▉", 1)},
    **{sign: (0, 8 - eighths, 8, 8) for eighths, sign in enumerate("▁▂▃▄▅▆▇█", 1)},
}
_TOKEN = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\r|\n|[^\x1b\r\n]+")


def run(width: int) -> str:
    """Return the output of `pellucid` in a terminal of the given width."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "examples").symlink_to(ROOT / "examples")
        ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        script = "import sys; sys.argv = ['pellucid']; from pellucid.cli import main; main([])"
        process = subprocess.Popen(
            [sys.executable, "-c", script], cwd=folder, env=environment, stdin=its, stdout=its, stderr=its
        )
        os.close(its)
        received = b""
        while True:
            try:
                received += os.read(ours, 65536)
            except OSError:
                break
        os.close(ours)
        if process.wait() != 0:
            raise SystemExit(received.decode())
    return received.decode()


def screen(sent: str) -> list[Text]:
    """Return the final lines of the terminal, without overwritten ones."""
    lines, row = [""], 0
    for token in _TOKEN.finditer(sent):
        code, kind = token.group(1), token.group(2)
        if kind == "m":
            lines[row] += token.group()
        elif kind == "A":
            row -= int(code or 1)
        elif kind == "K":
            lines[row] = ""
        elif token.group() == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif kind is None and token.group() != "\r":
            lines[row] += token.group()
    decoder = AnsiDecoder()
    return [decoder.decode_line(line) for line in lines]


def hexadecimal(colour: Color | None, default: str) -> str:
    """Return a colour in SVG notation."""
    if colour is None or colour.is_default:
        return default
    return COLOURS.get(-1 if colour.number is None else colour.number) or colour.get_truecolor(THEME).hex


def draw(lines: list[Text], width: int) -> str:
    """Return the lines as an SVG."""
    shapes: dict[str, list[str]] = defaultdict(list)
    words: list[str] = []
    console = Console(width=width + 1, color_system="truecolor", file=None)
    for row, line in enumerate(lines):
        column = 0
        for segment in console.render(line, console.options.update(no_wrap=True, overflow="ignore")):
            text = segment.text.rstrip("\n")
            place(shapes, words, text, segment.style or Style.null(), column, row)
            column += len(text)
    size = (2 * MARGIN + width * CELL, 2 * MARGIN + len(lines) * LINE)
    paths = [f'<path fill="{colour}" d="{"".join(parts)}"/>' for colour, parts in shapes.items()]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}" '
            f'viewBox="0 0 {size[0]} {size[1]}" role="img" aria-label="pellucid at work in a terminal">',
            f"<style>text{{font:15px {FONT};fill:{INK}}}",
            ".b{font-weight:bold}.d{opacity:.65}.u{text-decoration:underline}</style>",
            f'<rect width="100%" height="100%" rx="10" fill="{PAPER}"/>',
            f'<g transform="translate({MARGIN} {MARGIN})">',
            *paths,
            *words,
            "</g></svg>\n",
        ]
    )


def place(shapes: dict[str, list[str]], words: list[str], text: str, style: Style, column: int, row: int) -> None:
    """Draw one stretch of one style: blocks as shapes, the rest as words."""
    for part in re.finditer(r"▀+|([█▄━─▏▎▍▌▋▊▉▁▂▃▅▆▇])\1*|[^▀█▄━─▏▎▍▌▋▊▉▁▂▃▅▆▇]+", text):
        shown, begin = part.group(), column + part.start()
        colour = hexadecimal(style.color, INK)
        if shown[0] == "▀":
            box(shapes[colour], begin, row, len(shown), (0, 0, 8, 4))
            box(shapes[hexadecimal(style.bgcolor, PAPER)], begin, row, len(shown), (0, 4, 8, 8))
        elif shown[0] in BLOCKS:
            box(shapes[colour], begin, row, len(shown), BLOCKS[shown[0]])
        else:
            found = re.finditer(r"\S+( \S+)*", shown)
            words.extend(written(word.group(), style, colour, begin + word.start(), row) for word in found)


def written(word: str, style: Style, colour: str, column: int, row: int) -> str:
    """Draw words at their position, exactly as wide as their cells."""
    attributes = {"x": column * CELL, "y": row * LINE + 14, "textLength": len(word) * CELL}
    kinds = " ".join(name for name, on in (("b", style.bold), ("d", style.dim), ("u", style.underline)) if on)
    attributes |= {"class": kinds} if kinds else {}
    attributes |= {"style": f"fill:{colour}"} if colour != INK else {}
    shown = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<text{shown}>{html.escape(word)}</text>"


def box(path: list[str], column: int, row: int, count: int, part: tuple[float, float, float, float]) -> None:
    """Draw a rectangle over ``count`` cells; ``part`` gives the filled part of the last cell."""
    left, top, right, bottom = part
    x, y = column * CELL + left * CELL / 8, row * LINE + top * LINE / 8
    wide, high = (count - 1) * CELL + (right - left) * CELL / 8, (bottom - top) * LINE / 8
    path.append(f"M{x:g} {y:g}h{wide:g}v{high:g}h{-wide:g}z")


def main() -> None:
    """Run, draw, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--width", type=int, default=80, help="columns of the terminal")
    parser.add_argument("--output", type=Path, default=ROOT / "docs/images/terminal.svg")
    arguments = parser.parse_args()
    prompt = Text("$ pellucid", Style(bold=True))
    lines = [prompt, *screen(run(arguments.width))]
    while lines and not lines[-1].plain.strip():
        lines.pop()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(draw(lines, arguments.width), encoding="utf-8")
    print(f"wrote {arguments.output}")


if __name__ == "__main__":
    main()

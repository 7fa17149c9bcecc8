"""`pellucid read`: read digits in drawings and photos."""

from __future__ import annotations

import json as json_format
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from pellucid.cli.complaint import complain
from pellucid.cli.page import Argument, CommandPage
from pellucid.errors import DataError, PellucidError, ShapeError

if TYPE_CHECKING:
    from pellucid.cli.terminal import Terminal
    from pellucid.data.drawings import Digit
    from pellucid.network.network import Network
    from pellucid.network.prediction import Reading

_SIDE = 28


@click.command(cls=CommandPage)
@click.argument(
    "images",
    cls=Argument,
    metavar="IMAGE",
    nargs=-1,
    required=True,
    help="PNG, JPEG and other image files; - is standard input.",
)
@click.option("--model", metavar="NAME|FILE", help="The network to use. Default: the best shipped one.")
@click.option("--steps", is_flag=True, help="Show every processing step up to the network's input.")
@click.option(
    "--json",
    is_flag=True,
    help="Print one JSON object per line for each file: file, text, and digits, a list of digit, probabilities "
    "and box (left, top, right, bottom).",
)
def read(images: tuple[str, ...], model: str | None, steps: bool, json: bool) -> int:
    """Read the digits in pictures.

    The ink may be dark or light, and the picture may have any size. Several digits are read row by row, from left to
    right. If there are no digits, the text is empty. A file that is not a picture is an error; the other files are
    still read.
    """
    from pellucid.cli.compiling import announced

    show = _json_line if json else _shower(steps)
    code = 0
    with announced():
        net = _network(model)
        for name in images:
            try:
                found = _found(net, name)
            except PellucidError as error:
                code = complain(error)
            else:
                show(found)
    return code


@dataclass(frozen=True)
class _Found:
    """The digits found in one file."""

    file: str
    digits: list[tuple[Digit, Reading]]

    @property
    def text(self) -> str:
        return "".join(reading.best for _, reading in self.digits)


def _network(model: str | None) -> Network:
    from pellucid.models import READER
    from pellucid.network.files import load

    net = load(model or READER)
    if net.input_shape not in ((_SIDE, _SIDE), (_SIDE * _SIDE,), (1, _SIDE, _SIDE)):
        raise ShapeError(
            f"Digits in pictures are scaled to {_SIDE}x{_SIDE} pixels, but {model or READER} takes inputs of shape "
            f"{net.input_shape}: choose another network with --model."
        )
    return net


def _found(net: Network, name: str) -> _Found:
    from pellucid.data.drawings import find_digits

    try:
        digits = find_digits(sys.stdin.buffer if name == "-" else name)
    except DataError as error:
        # One of many files: name it if the message does not.
        raise error if name in str(error) else DataError(f"{name}: {error}") from error
    from pellucid.programs.images import from_unit

    return _Found(name, [(digit, net.read(from_unit(digit.pixels.ravel(), net.level_range))) for digit in digits])


def _json_line(found: _Found) -> None:
    digits = [
        {
            "digit": int(reading.best) if reading.best.isdecimal() else reading.best,
            "probabilities": [round(value, 6) for value in reading.outputs.tolist()],
            "box": [int(edge) for edge in digit.box],
        }
        for digit, reading in found.digits
    ]
    print(json_format.dumps({"file": found.file, "text": found.text, "digits": digits}), flush=True)


def _shower(steps: bool) -> Any:
    """Show pictures and bars in a terminal or with --steps, and plain lines elsewhere."""
    if not steps and not sys.stdout.isatty():
        return _lines
    from pellucid.cli.terminal import Terminal

    terminal = Terminal()

    def show(found: _Found) -> None:
        _show(terminal, found, steps)

    return show


def _lines(found: _Found) -> None:
    from pellucid.cli.words import clean

    print(f"{clean(found.file)}: {clean(found.text) or 'no digit found'}")
    for digit, reading in found.digits:
        left, top, right, bottom = digit.box
        print(f"  {clean(str(reading))}  in {left},{top} to {right},{bottom}")


def _show(terminal: Terminal, found: _Found, steps: bool) -> None:
    """Return the text, and every digit with all outputs."""
    from rich.text import Text

    from pellucid.cli.readings import CELL, GAP, reading_cell, side_by_side
    from pellucid.cli.words import clean

    terminal.say(
        Text.assemble(f"{clean(found.file)}: ", (clean(found.text), "bold") if found.text else "no digit found")
    )
    width = min(terminal.width, 3 * CELL + 2 * GAP)
    cells = [reading_cell(terminal, digit.pixels, reading, width=min(CELL, width)) for digit, reading in found.digits]
    if steps:
        for (digit, _), cell in zip(found.digits, cells, strict=True):
            terminal.show([*cell, Text(), *_steps(terminal, digit, width), Text()])
    elif cells:
        terminal.show([*side_by_side(cells, width), Text()])


def _steps(terminal: Terminal, digit: Digit, width: int) -> Iterator[Any]:
    """Draw every processing step with its name above it."""
    from rich.text import Text

    from pellucid.cli.pictures import fitted, grey_picture
    from pellucid.cli.readings import side_by_side

    room = min(24, width)
    cells = [
        [Text(name, "dim"), *grey_picture(fitted(picture, room), terminal.look)]
        for name, picture in digit.steps.items()
    ]
    yield from side_by_side(cells, width, cell=room, gap=2)

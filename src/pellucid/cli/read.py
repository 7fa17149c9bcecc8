"""`pellucid read`: read digits in drawings and photos, and the rows of tables."""

from __future__ import annotations

import json as json_format
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pellucid.cli.complaint import complain
from pellucid.cli.page import Argument, CommandPage
from pellucid.errors import ConfigurationError, PellucidError, ShapeError

if TYPE_CHECKING:
    from pellucid.cli.found import Found
    from pellucid.cli.terminal import Terminal
    from pellucid.data.drawings import Digit
    from pellucid.inspect.answering import Answer
    from pellucid.network.network import Network

_SIDE = 28


@click.command(cls=CommandPage)
@click.argument(
    "images",
    cls=Argument,
    metavar="IMAGE",
    nargs=-1,
    required=True,
    help="PNG, JPEG and other image files, TIFF and PDF page by page; - is standard input. Or CSV tables.",
)
@click.option(
    "--model",
    metavar="NAME|FILE",
    help="The network to use, alone. Default: the best shipped one, together with the one that also knows none.",
)
@click.option(
    "--ink",
    type=click.Choice(["dark", "light"]),
    help="Whether the ink is darker or lighter than the paper. Default: found out from each picture.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=0.95,
    show_default=True,
    metavar="P",
    help="Answers below this probability of being right are marked as unsure.",
)
@click.option("--explain", metavar="DIR", help="Write every intermediate picture as PNG into this folder.")
@click.option("--save", metavar="FILE.png", help="Write the picture with boxes and answers drawn in.")
@click.option("--steps", is_flag=True, help="Show every processing step up to the network's input.")
@click.option(
    "--json",
    is_flag=True,
    help="Print one JSON object per line for each page: file, text, and digits, a list of digit, sure, confidence, "
    "probabilities and box (left, top, right, bottom); others, the same for what is no digit.",
)
def read(
    images: tuple[str, ...],
    model: str | None,
    ink: str | None,
    threshold: float,
    explain: str | None,
    save: str | None,
    steps: bool,
    json: bool,
) -> int:
    """Read the digits in pictures.

    The ink may be dark or light, and the picture may have any size. Several digits are read row by row, from left to
    right. A digit that may be wrong is marked as unsure, and what is no digit is not part of the text. If there are no
    digits, the text is empty. A network that was trained on a folder of pictures gets each
    picture prepared as those were. A file that is not a picture is an error; the other files are
    still read.

    For a CSV table, --model is a network trained on such a table. The class of each row is printed; the JSON object has
    file, classes, and rows, a list of class and probabilities.
    """
    from pellucid.cli.compiling import announced
    from pellucid.cli.found import found_in
    from pellucid.cli.read_table import is_table, read_table

    if save is not None and len(images) > 1:
        raise ConfigurationError(f"--save writes one picture, got {len(images)} to read: choose one.")
    show = _json_line if json else _shower(steps)
    code = 0
    with announced():
        net = _network(model, pictures=not all(map(is_table, images)))
        for name in images:
            try:
                if is_table(name):
                    read_table(name, net, model or "the one that reads digits", json)
                    continue
                for found in found_in(
                    net, name, None if ink is None else ink == "dark", threshold, alone=model is not None
                ):
                    _write(found, explain, save)
                    show(found)
            except PellucidError as error:
                code = complain(error)
    return code


def _network(model: str | None, pictures: bool) -> Network:
    from pellucid.models import READER
    from pellucid.network.files import load

    net = load(model or READER)
    if pictures and net.input_shape not in ((_SIDE, _SIDE), (_SIDE * _SIDE,), (1, _SIDE, _SIDE)):
        raise ShapeError(
            f"Digits in pictures are scaled to {_SIDE}x{_SIDE} pixels, but {model or READER} takes inputs of shape "
            f"{net.input_shape}: choose another network with --model."
        )
    return net


def _write(found: Found, explain: str | None, save: str | None) -> None:
    """Write the intermediate pictures into a folder, and the picture with its answers into a file."""
    from pellucid.cli.read_pictures import Mark, write_answers, write_steps

    if explain is not None:
        write_steps(Path(explain), found.file, found.page, found.steps, [answer.digit for answer in found.answers])
    if save is not None:
        path = Path(save)
        if found.page is not None and found.page > 1:
            path = path.with_stem(f"{path.stem}-{found.page}")
        marks = [
            Mark((*(edge // found.reduced for edge in answer.digit.box),), _marked(answer), answer.sure)
            for answer in found.answers
        ]
        write_answers(path, found.grey, marks)


def _marked(answer: Answer) -> str:
    """Return an answer as it stands in a picture: followed by a question mark if it is not sure, a dash for none."""
    if answer.is_none:
        return "–"
    return answer.reading.best if answer.sure else f"{answer.reading.best}?"


def _json_line(found: Found) -> None:
    page = {} if found.page is None else {"page": found.page}
    others = [_entry(answer) for answer in found.others]
    line = {
        "file": found.file,
        **page,
        "text": found.text,
        "digits": [_entry(answer) for answer in found.digits],
        **({"others": others} if others else {}),
    }
    print(json_format.dumps(line), flush=True)


def _entry(answer: Answer) -> dict[str, Any]:
    reading, judged = answer.reading, answer.sureness
    sure = {} if judged is None else {"sure": answer.sure, "confidence": round(judged.confidence, 6)}
    return {
        "digit": int(reading.best) if reading.best.isdecimal() else reading.best,
        **sure,
        "probabilities": [round(value, 6) for value in reading.outputs.tolist()],
        "box": [int(edge) for edge in answer.digit.box],
    }


def _shower(steps: bool) -> Any:
    """Show pictures and bars in a terminal or with --steps, and plain lines elsewhere."""
    if not steps and not sys.stdout.isatty():
        return _lines
    from pellucid.cli.terminal import Terminal

    terminal = Terminal()

    def show(found: Found) -> None:
        _show(terminal, found, steps)

    return show


def _lines(found: Found) -> None:
    from pellucid.cli.words import clean

    print(f"{clean(found.name)}: {clean(found.text) or 'no digit found'}")
    for answer in found.answers:
        left, top, right, bottom = answer.digit.box
        print(f"  {clean(_said(answer))}  in {left},{top} to {right},{bottom}")


def _said(answer: Answer) -> str:
    """Return an answer in words."""
    if answer.is_none:
        return f"no digit, most like {answer.reading.best}"
    return str(answer.reading) if answer.sure else f"{answer.reading}, unsure"


def _show(terminal: Terminal, found: Found, steps: bool) -> None:
    """Return the text, and every digit with all outputs."""
    from rich.text import Text

    from pellucid.cli.readings import CELL, GAP, reading_cell, side_by_side
    from pellucid.cli.words import clean

    terminal.say(
        Text.assemble(f"{clean(found.name)}: ", (clean(found.text), "bold") if found.text else "no digit found")
    )
    width = min(terminal.width, 3 * CELL + 2 * GAP)
    cells = [
        reading_cell(terminal, answer.digit.pixels, answer.reading, width=min(CELL, width), said=_said(answer))
        for answer in found.answers
    ]
    if steps:
        for answer, cell in zip(found.answers, cells, strict=True):
            terminal.show([*cell, Text(), *_steps(terminal, answer.digit, width), Text()])
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

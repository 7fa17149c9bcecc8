"""What `pellucid read` finds in the pages of a file: digits, what they are read as, and how sure that is."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pellucid.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pellucid.data.drawings import Digit
    from pellucid.data.preparation import Preparation
    from pellucid.inspect.answering import Answer
    from pellucid.network.network import Network

    Picture = NDArray[np.float32]


@dataclass(frozen=True)
class Found:
    """What was found on one page.

    ``grey`` is the picture with each side reduced by a whole factor, and ``steps`` how it was searched; boxes are in
    pixels of the file. ``page`` counts from 1, and is None in a file of one page.
    """

    file: str
    page: int | None
    grey: Picture
    reduced: int
    steps: Mapping[str, Picture]
    answers: list[Answer]

    @property
    def name(self) -> str:
        """The file, and the page of several."""
        return self.file if self.page is None else f"{self.file}, page {self.page}"

    @property
    def digits(self) -> list[Answer]:
        """The answers for digits, sure or not, in reading order."""
        return [answer for answer in self.answers if not answer.is_none]

    @property
    def others(self) -> list[Answer]:
        """The answers where there is no digit."""
        return [answer for answer in self.answers if answer.is_none]

    @property
    def text(self) -> str:
        """The digits in reading order."""
        return "".join(answer.reading.best for answer in self.digits)


def found_in(net: Network, name: str, dark_ink: bool | None, threshold: float, *, alone: bool) -> Iterator[Found]:
    """Yield what is found on each page of a file; - is standard input. See `pellucid.inspect.answers` for the rest.

    Raises
    ------
    DataError
        If the file is not a picture, or a page is damaged; it names the file.
    """
    from pellucid.data.drawings.reading import read_pages

    try:
        waiting, number = None, 0
        for number, (grey, reduced) in enumerate(read_pages(sys.stdin.buffer if name == "-" else name), 1):
            if waiting is not None:
                yield _read(net, name, number - 1, *waiting, dark_ink, threshold, alone)
            waiting = grey, reduced
        if waiting is not None:
            yield _read(net, name, number if number > 1 else None, *waiting, dark_ink, threshold, alone)
    except DataError as error:
        # One of many files: name it if the message does not.
        raise error if name in str(error) else DataError(f"{name}: {error}") from error


def _read(
    net: Network,
    name: str,
    page: int | None,
    grey: Picture,
    reduced: int,
    dark_ink: bool | None,
    threshold: float,
    alone: bool,
) -> Found:
    from pellucid.inspect.answering import answers

    steps, digits = _digits(net, grey, dark_ink)
    boxed = [replace(digit, box=_times(digit.box, reduced)) for digit in digits]
    return Found(name, page, grey, reduced, steps, answers(net, boxed, threshold, alone=alone))


def _times(box: tuple[int, int, int, int], factor: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    return left * factor, top * factor, right * factor, bottom * factor


def _digits(net: Network, grey: Picture, dark_ink: bool | None) -> tuple[Mapping[str, Picture], list[Digit]]:
    """Find the digits of a picture, or prepare it whole, as those that the network was trained on.

    A network that was trained on prepared pictures reads each digit of several by itself where it reads digits, and
    otherwise the whole picture, as the studio does. The steps are those of the search.
    """
    from pellucid.data.drawings import find_in_steps
    from pellucid.data.preparation import Preparation

    how = Preparation.of_record(net.record)
    if how is None:
        return find_in_steps(grey, dark_ink=dark_ink)
    several = how.scale and all(len(name) == 1 and name.isdecimal() for name in net.classes)
    steps, digits = find_in_steps(grey, dark_ink=dark_ink) if several else ({"grey": grey}, [])
    if len(digits) > 1:
        return steps, [_prepared(how, digit.steps["cut out"], digit.box) for digit in digits]
    height, width = grey.shape
    ink = how.ink_of_file(grey, dark_ink)
    return {"grey": grey, "ink": ink}, [_prepared(how, ink, (0, 0, width, height))] if ink.any() else []


def _prepared(how: Preparation, ink: Picture, box: tuple[int, int, int, int]) -> Digit:
    """Prepare ink."""
    from pellucid.data.drawings import Digit

    steps = {step.name: step.picture for step in how.steps(ink)}
    return Digit(box, steps["placed"], steps)

"""What the digits of a picture are read as, how sure each answer is; doubtful patches without specks, and in halves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from pellucid.data.drawings.centring import center, ink_box
from pellucid.data.drawings.finding import Digit
from pellucid.data.drawings.specks import without_specks
from pellucid.data.drawings.splitting import halves
from pellucid.data.drawings.windows import Picture
from pellucid.inspect.certainty import THRESHOLD, Sureness, compared, reads_digits, second_outputs, together
from pellucid.network.network import Network
from pellucid.network.prediction import Reading
from pellucid.programs.images import from_unit

DOUBTFUL, SURE_PART = 0.7, 0.95
"""Below the first confidence, a patch is read again, without specks and by halves, which count above the second."""

WIDE_OF_TWO, NARROW_PAIR = 1.0, 0.9
"""Two digits side by side are wider than tall. Where a patch is not, its parts are less sure, by a factor."""

WIDE_OF_THREE = 1.5
"""From this ratio of width to height on, a patch may be three digits that overlap."""


@dataclass(frozen=True)
class Answer:
    """One patch of ink, and what it is read as; ``sureness`` is None for networks that do not read 0 to 9."""

    digit: Digit
    reading: Reading
    sureness: Sureness | None
    sure: bool

    @property
    def is_none(self) -> bool:
        """Whether there is no digit."""
        return self.sureness is not None and self.sureness.is_none


def answers(net: Network, digits: Sequence[Digit], threshold: float = THRESHOLD, *, alone: bool = True) -> list[Answer]:
    """Read the digits that were found in a picture, in their order.

    Parameters
    ----------
    net : Network
        It takes 28x28 pixels. Where its classes are others than 0 to 9, all answers are sure.
    digits : sequence of Digit
        From `pellucid.data.drawings.find_digits`.
    threshold : float
        Answers of less confidence are not sure.
    alone : bool
        Whether the answers are the network's own, and not those of both networks together.

    Examples
    --------
    >>> import numpy as np
    >>> import pellucid as pl
    >>> sheet = np.full((60, 90), 230, np.uint8)
    >>> sheet[10:50, 20:26] = sheet[10:50, 60:66] = 40       # 11, in dark ink
    >>> found = answers(pl.load("digits-conv"), pl.data.drawings.find_digits(sheet))
    >>> "".join(answer.reading.best for answer in found if not answer.is_none)
    '11'
    """

    def each(digits: Sequence[Digit]) -> list[Answer]:
        return _each(net, digits, threshold, alone)

    read = (_parted(_cleaned(answer, each), each) for answer in each(digits))
    return [_as_sure(answer, threshold) for found in read for answer in found]


def _each(net: Network, digits: Sequence[Digit], threshold: float, alone: bool) -> list[Answer]:
    """Read digits, and say how sure each answer is, where the network reads 0 to 9."""
    readings = [net.read(from_unit(digit.pixels.ravel(), net.level_range)) for digit in digits]
    if not digits or not reads_digits(net):
        return [Answer(digit, reading, None, True) for digit, reading in zip(digits, readings, strict=True)]
    pixels, outputs = np.stack([digit.pixels for digit in digits]), np.stack([reading.outputs for reading in readings])
    second = second_outputs(pixels)
    if not alone:
        outputs = together(outputs, second)
        readings = [Reading(output, net.classes) for output in outputs]
    found = zip(digits, readings, compared(outputs, second), strict=True)
    return [_as_sure(Answer(digit, reading, one, True), threshold) for digit, reading, one in found]


def _as_sure(answer: Answer, threshold: float) -> Answer:
    """Return an answer that is sure where its confidence reaches the threshold."""
    one = answer.sureness
    return answer if one is None else replace(answer, sure=not one.is_none and one.confidence >= threshold)


def _cleaned(answer: Answer, read: Callable[[Sequence[Digit]], list[Answer]]) -> Answer:
    """Return the answer for a patch without the specks beside it, if that is a digit for sure, and the patch is not."""
    if answer.sureness is None or answer.sureness.confidence >= DOUBTFUL:
        return answer
    clean = without_specks(answer.digit.steps["cut out"])
    if clean is None:
        return answer
    box = _box_in(answer.digit.box, clean)
    again = read([replace(answer.digit, box=box, pixels=center(clean, thicken=True))])[0]
    sure = again.sureness is not None and not again.is_none and again.sureness.confidence > SURE_PART
    return again if sure else answer


def _box_in(box: tuple[int, int, int, int], ink: Picture) -> tuple[int, int, int, int]:
    """Return where the ink (H, W) is that is left in a box of the picture."""
    across, down = ((box[2] - box[0]) / ink.shape[1], (box[3] - box[1]) / ink.shape[0])
    left, top, right, bottom = ink_box(ink)
    x, y = (round(box[0] + across * at) for at in (left, right)), (round(box[1] + down * at) for at in (top, bottom))
    (first, last), (upper, lower) = x, y
    return first, upper, max(last, first + 1), max(lower, upper + 1)


def _parted(answer: Answer, read: Callable[[Sequence[Digit]], list[Answer]], half: bool = False) -> list[Answer]:
    """Return the answers for the parts of a patch that is no digit, if it is two or three digits that overlap."""
    if _certainty(answer) >= DOUBTFUL:
        return [answer]
    cut = answer.digit.steps["cut out"]
    best, least, again = [answer], SURE_PART, not half and cut.shape[1] >= WIDE_OF_THREE * cut.shape[0]
    for parts in halves(cut):
        found = read([_part_of(answer.digit, ink) for ink in parts])
        if again and sum(_certainty(one) > least for one in found) == 1:
            found = [part for one in found for part in _parted(one, read, half=True)]
        certainty = min(map(_certainty, found))
        if certainty > least:
            best, least = found, certainty
    return best if half or len(best) == 1 else _as_sure_as_all(best, narrow=cut.shape[1] < WIDE_OF_TWO * cut.shape[0])


def _as_sure_as_all(parts: list[Answer], *, narrow: bool) -> list[Answer]:
    """Return the answers for the parts of a patch: each is right only if all are, since the parts depend on the cut."""
    factor = NARROW_PAIR if narrow else 1.0
    for part in parts:
        factor *= _certainty(part)
    return [replace(one, sureness=replace(one.sureness, confidence=factor)) for one in parts if one.sureness]


def _part_of(digit: Digit, ink: Picture) -> Digit:
    """Return a digit whose ink is a part of another's."""
    inked = np.flatnonzero((ink > 0).any(axis=0))
    columns = slice(int(inked[0]), int(inked[-1]) + 1)
    left, top, right, bottom = digit.box
    ends = (left + round(at * (right - left) / ink.shape[1]) for at in (columns.start, columns.stop))
    steps = MappingProxyType({**digit.steps, "cut out": ink[:, columns]})
    first, last = ends
    return Digit((first, top, max(last, first + 1), bottom), center(ink, thicken=True), steps)


def _certainty(answer: Answer) -> float:
    """Return how sure it is that there is this digit; 1 where nothing says so."""
    if answer.sureness is None:
        return 1.0
    return 0.0 if answer.is_none else answer.sureness.confidence

"""The drawing at the inputs: the pad, or a picture in its place, and the way from ink to pixels."""

from __future__ import annotations

import numpy as np

from pellucid.data.drawings.centring import center, fit
from pellucid.data.preparation import Preparation
from pellucid.studio.protocol.frames import Payload
from pellucid.studio.protocol.parts import Centring, CentringStep, Part
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.read.pad import SIDE, Ink, Pad, averaged
from pellucid.studio.state.edited_network import centring_of
from pellucid.studio.state.input_form import InputForm
from pellucid.studio.state.session_state import SessionState

MAX_PICTURE_PIXELS = 24_000_000
"""Most pixels of an uploaded picture."""


class DrawingInput:
    """What is drawn, or a picture file or an example in its place.

    Attributes
    ----------
    pad : Pad
    picture : ndarray (H, W) or None
        The ink of a picture file or of an example that is not centred yet.
    centring : Centring
        The steps that are switched on.
    sends_pictures : bool
        Whether the pictures of the steps are sent.
    """

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self.pad = Pad(state.form.grid)
        self.picture: Ink | None = None
        self._found: int | None = None
        self._preparation = state.edited.preparation
        self.centring, self.sends_pictures = centring_of(self._preparation), False

    def refit(self) -> bool:
        """Adapt to another network; return whether it prepares pictures in another way."""
        if self._state.form.grid != self.pad.grid:
            self.pad, self.picture = Pad(self._state.form.grid), None
        preparation = self._state.edited.preparation
        moved = preparation != self._preparation
        if moved:
            self._preparation, self.centring = preparation, centring_of(preparation)
        return moved

    def take_example(self, part: Part, index: int) -> None:
        """Put an example in the place of the drawing."""
        self.picture = self._state.raw_ink(part, index)

    def open_picture(self, content: bytes) -> None:
        """Put a picture file in the place of the drawing: for digits, the largest in it."""
        from pellucid.data.drawings import read_picture  # slow to import

        state = self._state
        grey = read_picture(content, max_pixels=MAX_PICTURE_PIXELS)
        if not state.form.is_centred:
            self.picture, self._found = self._preparation.ink_of_file(grey), None
        elif state.catalog.is_raw(state.data_name):
            self.picture, self._found = state.edited.preparation.ink_of_file(grey), None
        else:
            self.picture, self._found = _largest_digit(grey)

    def write_inputs(self, ink: Ink | None, payload: Payload) -> list[CentringStep]:
        """Bring ink to the inputs, if there is any; return the steps of the centring, where they are wanted."""
        state = self._state
        if ink is None:
            return []
        if not state.form.is_centred:
            state.given = state.form.inputs_of(averaged(ink, state.form.grid))
            return []
        steps = preparation_with(self.centring).steps(ink)
        state.given = steps[-1].picture
        if not self.sends_pictures:
            return []
        return [
            CentringStep(step.name, step.caption, step.done, payload.put(step.picture), step.box, step.centre)  # type: ignore[arg-type]
            for step in steps
        ]

    def prepare(self, ink: Ink) -> Ink:
        """Return the pixels that ink becomes at the inputs, without changing anything."""
        return pixels_of(ink, self._state.form, self.centring)

    def count_digits(self, source: str) -> int | None:
        """How many digits the drawing or the picture file seems to hold, where the network reads digits."""
        from pellucid.data.drawings.counting import count_digits  # slow to import

        if not self._state.reads_digits or source not in ("pad", "picture"):
            return None
        return count_digits(self.pad.ink) if source == "pad" else self._found


def pixels_of(ink: Ink, form: InputForm, how: Centring) -> Ink:
    """Return the pixels that ink becomes at the inputs of a network."""
    if not form.is_centred:
        return form.inputs_of(averaged(ink, form.grid))
    return center(ink, scale=how.scale, mass=how.mass, smooth=how.smooth, thicken=how.thicken)


def preparation_with(how: Centring) -> Preparation:
    """Return the preparation of ink with the steps that the page has chosen."""
    return Preparation(False, how.thicken, how.scale, how.smooth, how.mass)


def _largest_digit(grey: Ink) -> tuple[Ink, int]:
    """Return the ink of the largest digit of a picture, filling four fifths of the pad's side, and how many it has."""
    from pellucid.data.drawings import find_digits  # slow to import

    digits = find_digits(grey)
    if not digits:
        raise RefusedError(
            "bad_value", "Found no digit in this picture: choose one with strokes that stand out from the paper."
        )
    largest = max(digits, key=lambda digit: digit.steps["cut out"].size)
    ink = fit(largest.steps["cut out"], SIDE * 4 // 5)
    return np.pad(ink, (SIDE - ink.shape[0]) // 2 + 1)[:SIDE, :SIDE], len(digits)

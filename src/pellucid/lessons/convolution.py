"""Lesson: convolution is good for images. It uses which pixels are neighbours, so it loses when they are not."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.lessons.deeds import Convolving, NetworksRetrained, ShiftScored
from pellucid.lessons.lesson import Lesson, last, percent
from pellucid.lessons.records import Facts, Question
from pellucid.lessons.straight_line import ALIKE, facts_of, is_shuffled, open_image, unsuited
from pellucid.lessons.view import View

RIGHT = 3
"""Pixels by which the images are shifted."""

STEPS = (0.5, 0.75, 0.9)
OPTIONS = ("less than 50 %", "50 % to 75 %", "75 % to 90 %", "90 % or more")


def _option(accuracy: float | None) -> float:
    """Return which of the options holds an accuracy."""
    return float(sum((accuracy or 0.0) >= step for step in STEPS))


def _convolving(view: View) -> Convolving:
    if view.convolving is None:
        raise RuntimeError("There is nothing to shift: check `unsuited` first.")
    return view.convolving


def _shifted(view: View, right: int, down: int) -> tuple[float, float]:
    """Return the accuracies of the convolutional and the dense network, with all images shifted."""
    key = f"shifted {right} {down} {view.bits} {sorted(view.factors.items())} {view.grey_levels}"
    own, dense = view.known(key, lambda: _convolving(view).shifted(right, down))
    return own, dense or 0.0


def _unsuited(view: View) -> str | None:
    why = unsuited(view)
    if why is not None:
        return why
    if _convolving(view).names[1] is None:
        return "It needs a dense network beside the convolutional one: open digits-conv, or one of your own for digits."
    return None


def _ask(view: View) -> Question:
    own, dense = _convolving(view).names
    places, moved = _shifted(view, 0, 0), _shifted(view, RIGHT, 0)
    return Question(
        "choices",
        f"{own} has convolutions, {dense} is dense. How many of the test images does each still read correctly when "
        "all "
        f"are shifted by {RIGHT} pixels to the right?",
        OPTIONS,
        (
            f"{own}, convolutional ({percent(places[0])} in place)",
            f"{dense}, dense ({percent(places[1])} in place)",
        ),
        truth=(_option(moved[0]), _option(moved[1])),
        setting={"convolutional": places[0], "dense": places[1], "grey": float(view.grey_levels or 0)},
        told=f"Shifted, they read {percent(moved[0])} and {percent(moved[1])}.",
    )


def _task(view: View, question: Question) -> str:
    return (
        f"Open a test image. In Convolve, shift it {RIGHT} pixels to the right, nothing else, and wait for the "
        "accuracies of both networks. Then ask what a convolution owes to the neighbours of a pixel: train four new "
        "networks there, on images in place and on shuffled ones."
    )


def _look(view: View, question: Question, noted: Sequence[Facts]) -> Facts | None:
    for seen in view.done(ShiftScored):
        exact = (seen.right, seen.down, seen.shuffle) == (RIGHT, 0, None)
        as_asked = float(view.grey_levels or 0) == question.setting["grey"]
        as_trained = seen.subject is not None or not (len(view.turned) or view.factors)
        if exact and as_asked and as_trained and seen.dense is not None and not last(noted, "shifted"):
            return {"shifted": seen.convolutional, "shifted_dense": seen.dense}
    return next((facts_of(found) for found in view.done(NetworksRetrained)), None)


def _lost(facts: Facts) -> float:
    """Return how much of its accuracy the new convolutional network loses by shuffling."""
    return facts.get("convolutional", 0.0) - facts.get("convolutional_shuffled", 1.0)


def _passed(question: Question, noted: Sequence[Facts]) -> Facts | None:
    moved, trained = last(noted, "shifted"), last(noted, "dense_shuffled")
    if moved is None or trained is None or not is_shuffled(trained) or _lost(trained) <= ALIKE:
        return None
    return moved | trained if "shifted_dense" in moved else None


def _status(question: Question, noted: Sequence[Facts]) -> str:
    moved, trained = last(noted, "shifted"), last(noted, "dense_shuffled")
    said = (
        f"Not shifted by exactly {RIGHT} pixels to the right yet."
        if moved is None
        else f"Shifted, {percent(moved['shifted'])} and {percent(moved.get('shifted_dense', 0.0))} are read correctly."
    )
    if trained is None:
        return f"{said} No new networks have been trained yet."
    return f"{said} Shuffled, the new convolutional network loses {100 * _lost(trained):.1f} points." + (
        "" if _lost(trained) > ALIKE else " Try another order."
    )


def _gap(question: Question, values: tuple[float, ...], found: Facts) -> str:
    right = sum(value == truth for value, truth in zip(values, question.truth, strict=True))
    dense_lost = 100 * (found["dense"] - found["dense_shuffled"])
    meaning = (
        "It bears the shift better: it looks for the same thing everywhere."
        if found["shifted"] > found["shifted_dense"] + ALIKE
        else "The shift costs it as much as the dense one."
    )
    return (
        f"You predicted {right} of {len(question.truth)}. Shifted, the convolutional network reads "
        f"{percent(found['shifted'])}, the dense one {percent(found['shifted_dense'])}. {meaning} Trained on shuffled "
        f"images, a new convolutional network reads {percent(found['convolutional_shuffled'])} instead of "
        f"{percent(found['convolutional'])}, {100 * _lost(found):.1f} points less; the dense one loses "
        f"{dense_lost:.1f}. A convolution uses which pixels are neighbours."
    )


def _transfer(view: View, number: int) -> Question:
    right, down, what = (0, 3, "3 pixels down") if number == 0 else (-5, 0, "5 pixels to the left")
    own, dense = _shifted(view, right, down)
    name = _convolving(view).names[0]
    return Question(
        "number",
        f"And {what}: what percentage of the test images does {name} read correctly then?",
        unit="%",
        truth=(100 * own,),
        tolerance=5.0,
        told=f"Measured just now; the dense network reads {percent(dense)}.",
    )


def _hints(view: View, question: Question) -> tuple[str, str, str]:
    return (
        "The picture in the panel Shift and shuffle can be dragged, or moved with the arrow keys.",
        f"The slider right has to stand at +{RIGHT}, the slider down at 0, and nothing may be shuffled.",
        "Train four new networks is at the end of that panel. Compare LeNet-5 in place and shuffled.",
    )


LESSON = Lesson(
    name="convolution",
    number=13,
    title="Convolution",
    line="Convolution is good for images",
    room="convolve",
    minutes=6,
    about="A convolution slides one small filter over the whole image.",
    unsuited=_unsuited,
    ask=_ask,
    task=_task,
    look=_look,
    passed=_passed,
    status=_status,
    gap=_gap,
    transfer=_transfer,
    hints=_hints,
    needs=("convolutional", "dense", "grey"),
    place="Shift and shuffle",
    tools=open_image,
    counts=(ShiftScored, NetworksRetrained),
)

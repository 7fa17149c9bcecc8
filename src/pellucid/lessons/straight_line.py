"""Lesson: pixels in a straight line. A dense network knows no neighbours: any order of the pixels is as good."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pellucid.lessons.deeds import NetworksRetrained, Pictures
from pellucid.lessons.lesson import Lesson, Tool, last, percent
from pellucid.lessons.records import Facts, Question
from pellucid.lessons.view import View

ALIKE = 0.015
"""Accuracies no further apart than this count as alike."""

GUESSING = 0.1
"""How far above always naming the most frequent class an accuracy may be to count as guessing."""

OPTIONS = (
    "hardly better than guessing: the shapes are gone",
    "clearly worse: it no longer sees which pixels are neighbours",
    "about as well",
    "better: every pixel tells it something new",
)


def outcome(chance: float, dense: float, shuffled: float) -> int:
    """Return which of the options has come true."""
    if shuffled <= chance + GUESSING:
        return 0
    if abs(shuffled - dense) <= ALIKE:
        return 2
    return 1 if shuffled < dense else 3


def facts_of(seen: NetworksRetrained) -> Facts:
    """Return what counts of four networks: their accuracies, and whether the order is a permutation of all pixels."""
    order = np.asarray(seen.order)
    permuted = np.array_equal(np.sort(order), np.arange(len(order)))
    return {
        "pixels": float(len(order)),
        "moved": float((order != np.arange(len(order))).sum()) if permuted else 0.0,
        "dense": seen.dense,
        "dense_shuffled": seen.dense_shuffled,
        "convolutional": seen.convolutional,
        "convolutional_shuffled": seen.convolutional_shuffled,
    }


def is_shuffled(facts: Facts) -> bool:
    """Whether nearly all pixels were moved, in one order."""
    return facts.get("moved", 0.0) >= 0.9 * facts.get("pixels", np.inf)


def unsuited(view: View) -> str | None:
    """Return why no networks can be trained on shuffled pictures here; None if they can."""
    if view.convolving is None:
        return "It needs images that the room Convolve can show: open digits-sigmoid, digits-relu or digits-conv."
    return None


def _ask(view: View) -> Question:
    height, width = view.test.images.shape[-2:]
    return Question(
        "choice",
        f"To a dense network, where every neuron is connected to every pixel, an image is a line of {height * width} "
        "numbers. Rearrange the pixels of all images in the same random order, so that nobody can read them, and train "
        "a new dense network on these. How well does it read shuffled test images, compared with one that was trained "
        "and tested on images in place?",
        OPTIONS,
        setting={"pixels": float(height * width), "chance": view.chance},
    )


def _task(view: View, question: Question) -> str:
    return (
        "Open a test image. In Convolve, under Shift and shuffle, press Shuffle all pixels to see what becomes of it. "
        "Then press Train four new networks below: a convolutional and a dense one, each on images in place and on "
        "shuffled ones. It takes some seconds. Compare the two dense ones, which are named by their sizes, such as "
        "784-16-16-10."
    )


def open_image(view: View, question: Question) -> tuple[Tool, ...]:
    """Return a button that opens an image: the maps of an empty drawing show little."""
    return (Tool("Open test image 0", example=0),) if len(view.test) else ()


def _look(view: View, question: Question, noted: Sequence[Facts]) -> Facts | None:
    return next((facts_of(seen) for seen in view.done(NetworksRetrained)), None)


def _passed(question: Question, noted: Sequence[Facts]) -> Facts | None:
    facts = last(noted, "dense_shuffled")
    if facts is None or not is_shuffled(facts):
        return None
    found = outcome(question.setting["chance"], facts.get("dense", 0.0), facts["dense_shuffled"])
    return facts if found == 2 else None


def _status(question: Question, noted: Sequence[Facts]) -> str:
    facts = last(noted, "dense_shuffled")
    if facts is None:
        return "No new networks have been trained yet."
    apart = 100 * abs(facts["dense_shuffled"] - facts.get("dense", 0.0))
    return (
        f"In place {percent(facts.get('dense', 0.0))}, shuffled {percent(facts['dense_shuffled'])}: {apart:.1f} "
        "points apart. One order can be lucky: try another order."
    )


def _gap(question: Question, values: tuple[float, ...], found: Facts) -> str:
    right = values[0] == outcome(question.setting["chance"], found["dense"], found["dense_shuffled"])
    said = "as you predicted" if right else f"not “{OPTIONS[int(values[0])].split(':')[0]}”"
    return (
        f"The dense network reads {percent(found['dense_shuffled'])} of the shuffled images, and "
        f"{percent(found['dense'])} of those in place: about as many, {said}. {found['moved']:,.0f} of "
        f"{found['pixels']:,.0f} pixels were moved. It is arranged in a line and knows no neighbours, so one order is "
        "as good as any."
    )


def _outcome(question: Question, found: Facts) -> tuple[float, ...]:
    return (float(outcome(question.setting["chance"], found["dense"], found["dense_shuffled"])),)


def _transfer(view: View, number: int) -> Question:
    if number == 0:
        what, told = "each image were shuffled in an order of its own", "only the same order for all keeps its pixels"
        arrange: Callable[[Pictures], Pictures] = _each_its_own
    else:
        what, told = "all images were turned upside down", "that is an order of the pixels too, the same for all"
        arrange = _upside_down
    found = view.known(f"arranged {number}", lambda: _retrained(view, arrange))
    return Question(
        "number",
        f"What percentage would a new dense network read correctly if {what}, in training and in the test?",
        unit="%",
        truth=(100 * found,),
        tolerance=8.0,
        told=f"A network was trained for it just now: {told}.",
    )


def _retrained(view: View, arrange: Callable[[Pictures], Pictures]) -> float:
    if view.convolving is None:
        raise RuntimeError("There is nothing to train: check `unsuited` first.")
    return view.convolving.retrained(arrange)


def _each_its_own(pictures: Pictures) -> Pictures:
    flat = pictures.reshape(len(pictures), -1)
    found: Pictures = np.random.default_rng(0).permuted(flat, axis=1).reshape(pictures.shape)
    return found


def _upside_down(pictures: Pictures) -> Pictures:
    return np.ascontiguousarray(pictures[..., ::-1, :])


def _hints(view: View, question: Question) -> tuple[str, str, str]:
    return (
        "A dense neuron multiplies each pixel by a weight and adds up. Does a sum depend on the order of its terms?",
        "The button Train four new networks is at the end of the panel Shift and shuffle.",
        f"The accuracies have to be within {100 * ALIKE:g} points. If not, press another order and train again.",
    )


LESSON = Lesson(
    name="straight-line",
    number=2,
    title="Pixels in a line",
    line="Arranged in a straight line",
    room="convolve",
    minutes=4,
    about="",
    unsuited=unsuited,
    ask=_ask,
    task=_task,
    look=_look,
    passed=_passed,
    status=_status,
    gap=_gap,
    transfer=_transfer,
    hints=_hints,
    needs=("pixels", "chance"),
    place="Shift and shuffle",
    counts=(NetworksRetrained,),
    outcome=_outcome,
    tools=open_image,
)

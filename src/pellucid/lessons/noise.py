"""Lesson: "most likely". The largest output tells which class comes first, not whether it is one of them at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pellucid.inspect.stranger_pictures import Kind, strangers
from pellucid.lessons.changes import changes
from pellucid.lessons.lesson import Lesson, last, percent
from pellucid.lessons.records import Facts, Question
from pellucid.lessons.view import View
from pellucid.programs.images import from_unit, to_unit

SURE = 0.9
NOISES = 2000
OTHERS = 500
"""Pictures of other kinds, for the questions afterwards."""

COMPARED = 2000
"""Held-out images that a noise must not resemble."""

NEIGHBOURS = 0.15
"""Correlation of neighbouring pixels up to which a picture is noise: four standard deviations for 28x28 pixels."""

LIKENESS = 0.3
"""Correlation with a held-out image up to which a picture is noise."""

SPREAD = 0.25
"""The quarter of a noise with the least ink has at least this share of the mean."""


def _pictures(view: View, kind: Kind, count: int) -> NDArray[np.float32]:
    """Return strangers in the levels of the network, (count, ...)."""
    shape = view.test.images.shape[1:]
    images = _unit(view)[: min(OTHERS, len(view.test))] if kind in ("shuffled", "shifted") else None
    unit = strangers(kind, count, shape=shape, images=images)
    return from_unit(unit, view.net.level_range).reshape(count, *view.net.input_shape)


def _unit(view: View) -> NDArray[np.float32]:
    """Return the first held-out images from 0 to 1, (N, ...)."""

    def find() -> NDArray[np.float32]:
        images = np.asarray(view.test.images[:COMPARED])
        return to_unit(images.reshape(len(images), -1), view.test.unit_range).reshape(images.shape)

    found: NDArray[np.float32] = view.known("unit", find)
    return found


def _told(view: View, kind: Kind, count: int) -> NDArray[np.float64]:
    """Return the largest output of the trained network for each stranger, (count,)."""

    def find() -> NDArray[np.float64]:
        outputs = np.nan_to_num(np.asarray(view.trained_net()(_pictures(view, kind, count)), np.float64))
        largest: NDArray[np.float64] = outputs.max(axis=1)
        return largest

    found: NDArray[np.float64] = view.known(f"told {kind}", find)
    return found


def _share(view: View) -> float:
    return float((_told(view, "noise", NOISES) >= SURE).mean())


def _unsuited(view: View) -> str | None:
    if not view.reads_images or view.test.images.ndim < 3:
        return "It needs a network that reads images by class: open digits-sigmoid or digits-relu."
    if not _share(view):
        return (
            f"Of {NOISES:,} pictures of noise, this network is sure of none at {SURE:g}: open digits-sigmoid or "
            "digits-relu."
        )
    return None


def _ask(view: View) -> Question:
    share = _share(view)
    return Question(
        "number",
        f"{NOISES:,} pictures of noise: every pixel is any grey at random. For what percentage of them is the largest "
        f"output at {SURE:g} or more?",
        unit="%",
        truth=(100 * share,),
        tolerance=2.0,
        setting={"share": share, "told": round(share * NOISES)},
    )


def _task(view: View, question: Question) -> str:
    return (
        f"Find noise that the network is sure of, at {SURE:g} or more, and press it to put it at the inputs. None of "
        "these has strangers of every kind. The picture is examined: neighbouring pixels must hardly correlate, and it "
        "must "
        f"resemble none of {min(COMPARED, len(view.test)):,} test images."
    )


def _compared(view: View) -> NDArray[np.float32]:
    """Return the images that a noise must not resemble, with mean 0 and length 1, (N, D)."""
    found: NDArray[np.float32] = view.known("compared", lambda: _standard(_unit(view)))
    return found


def statistics(picture: NDArray[np.float32], images: NDArray[np.float32]) -> tuple[float, float, float]:
    """Return what tells noise from a drawing.

    Parameters
    ----------
    picture : ndarray (..., H, W)
        From 0 to 1.
    images : ndarray (N, D)
        Each with mean 0 and length 1.

    Returns
    -------
    neighbours : float
        The larger correlation of pixels with those beside and below them, without sign.
    likeness : float
        The largest correlation with one of the images.
    spread : float
        The least mean of a quarter of the picture, as a share of the mean of all.
    """
    planes = np.asarray(picture, np.float64).reshape(-1, *picture.shape[-2:])
    beside = _correlation(planes[:, :, :-1], planes[:, :, 1:])
    below = _correlation(planes[:, :-1], planes[:, 1:])
    likeness = float((images @ _standard(picture[None])[0]).max())
    rows, columns = planes.shape[1] // 2, planes.shape[2] // 2
    quarters = [
        part.mean()
        for half in (planes[:, :rows], planes[:, rows:])
        for part in (half[..., :columns], half[..., columns:])
    ]
    mean = float(planes.mean())
    return max(abs(beside), abs(below)), likeness, float(min(quarters)) / mean if mean > 0 else 0.0


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the correlation of two arrays; 1 where one of them is constant."""
    a, b = one - one.mean(), other - other.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size > 1e-6 else 1.0


def _standard(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return pictures (N, ...) as rows (N, D) with mean 0 and length 1."""
    rows = pictures.reshape(len(pictures), -1)
    centred = rows - rows.mean(axis=1, keepdims=True)
    length = np.sqrt((centred * centred).sum(axis=1, keepdims=True))
    result: NDArray[np.float32] = centred / np.maximum(length, 1e-6)
    return result


def _is_noise(facts: Facts) -> bool:
    return (
        facts.get("neighbours", 1.0) <= NEIGHBOURS
        and facts.get("likeness", 1.0) <= LIKENESS
        and facts.get("spread", 0.0) >= SPREAD
    )


def _look(view: View, question: Question, noted: Sequence[Facts]) -> Facts | None:
    if changes(view) or not view.inputs.any():
        return None
    flat = np.asarray(view.inputs, np.float32).reshape(1, -1)
    unit = to_unit(flat, view.net.level_range).reshape(view.test.images.shape[1:])
    neighbours, likeness, spread = statistics(unit, _compared(view))
    outputs = np.nan_to_num(np.asarray(view.net(view.inputs), np.float64))
    facts = {"output": float(outputs.max()), "neighbours": neighbours, "likeness": likeness, "spread": spread}
    latest = noted[-1] if noted else {}
    if facts == latest or not (_is_noise(facts) or facts["output"] >= SURE):
        return None
    return facts


def _passed(question: Question, noted: Sequence[Facts]) -> Facts | None:
    facts = last(noted, "output")
    return facts if facts is not None and _is_noise(facts) and facts["output"] >= SURE else None


def _status(question: Question, noted: Sequence[Facts]) -> str:
    facts = last(noted, "output")
    if facts is None:
        return "No noise at the inputs yet."
    if not _is_noise(facts):
        return (
            f"The last picture was no noise: neighbouring pixels correlate at {facts.get('neighbours', 1.0):.2f} "
            f"(noise: up to {NEIGHBOURS:g}), and it resembles a test image at {facts.get('likeness', 1.0):.2f} "
            f"(noise: up to {LIKENESS:g})."
        )
    return f"Noise, but its largest output is {facts['output']:.2f}."


def _gap(question: Question, values: tuple[float, ...], found: Facts) -> str:
    share = 100 * question.setting["share"]
    return (
        f"You predicted {values[0]:.1f} %, it is {share:.1f} %: {question.setting['told']:,.0f} of {NOISES:,} noises "
        f"are told at {SURE:g} or more. The largest output for yours is {found['output']:.2f}, though its "
        f"neighbouring pixels correlate at {found['neighbours']:.2f} only. “Most likely” compares the classes with "
        "each other; whether the picture shows any of them was never asked. How often this happens differs from "
        "network to network."
    )


def _transfer(view: View, number: int) -> Question:
    kind: Kind = "shuffled" if number == 0 else "shifted"
    share = float((_told(view, kind, OTHERS) >= SURE).mean())
    what = (
        "All pixels of a test image are shuffled" if number == 0 else "A test image is shifted to one side by 6 pixels"
    )
    return Question(
        "number",
        f"{what}. For what percentage of {OTHERS} such pictures is the largest output at {SURE:g} or more?",
        unit="%",
        truth=(100 * share,),
        tolerance=5.0,
        told=f"It is {percent(share)}, counted just now.",
    )


def _hints(view: View, question: Question) -> tuple[str, str, str]:
    return (
        "None of these has pictures of noise: choose Noise under “Told as one of these”.",
        "They are sorted: the network is surest of the first.",
        "Click the first one. It is then at the inputs.",
    )


LESSON = Lesson(
    name="noise",
    number=12,
    title="Most likely",
    line="The most likely digit",
    room="none-of-these",
    minutes=4,
    about="The network tells the class with the largest output, whatever the picture is.",
    unsuited=_unsuited,
    ask=_ask,
    task=_task,
    look=_look,
    passed=_passed,
    status=_status,
    gap=_gap,
    transfer=_transfer,
    hints=_hints,
    needs=("share", "told"),
    foreign=lambda view, _question, _noted: changes(view),
    place="Strangers",
    revealing=True,
)

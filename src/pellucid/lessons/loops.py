"""Lesson: edges, loops, lines. Whether a hidden neuron stands for a loop is measured, not seen in a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.inspect.class_statistics import auc
from pellucid.inspect.excitation import responses
from pellucid.inspect.untrained import untrained_twin
from pellucid.lessons.changes import changes
from pellucid.lessons.lesson import Lesson, last
from pellucid.lessons.records import Facts, Question
from pellucid.lessons.view import View, dense_places, unsuited
from pellucid.network.network import Network

LOOPS = (0, 6, 8, 9)
LINES = (1, 4, 7)
CLOSE = 0.002


def _scores(view: View, net: Network, members: Sequence[int]) -> dict[tuple[int, int], float]:
    """Return how well each hidden neuron tells some digits from the others, by layer and neuron."""
    belongs = np.isin(view.test.labels, members)
    found = {}
    for place in dense_places(net)[:-1]:
        values = np.nan_to_num(responses(net, place.number, view.images()).excitations)
        for neuron in range(place.neurons):
            found[place.number, neuron] = float(auc(values[:, neuron], belongs))
    return found


def _own(view: View) -> dict[tuple[int, int], float]:
    found: dict[tuple[int, int], float] = view.known("loops", lambda: _scores(view, view.trained_net(), LOOPS))
    return found


def _twin(view: View) -> float:
    """Return the score of the best neuron of the untrained twin."""
    best: float = view.known(
        "loops-twin", lambda: max(_scores(view, untrained_twin(view.trained_net()), LOOPS).values())
    )
    return best


def _unsuited(view: View) -> str | None:
    if tuple(view.net.classes) != tuple("0123456789"):
        return "It needs a network that reads the ten digits: open digits-sigmoid or digits-relu."
    return unsuited(view)


def _ask(view: View) -> Question:
    best = max(_own(view).values())
    return Question(
        "number",
        "Is there a hidden neuron for loops? Take a digit with a loop (0, 6, 8, 9) and one without, at random. In "
        "what "
        "percentage of such pairs does the best hidden neuron get the larger sum for the digit with the loop? 50 % is "
        "chance.",
        unit="%",
        truth=(100 * best,),
        tolerance=5.0,
        setting={"best": best, "twin": _twin(view)},
    )


def _task(view: View, question: Question) -> str:
    return (
        "In Look for, under By class, select 0, 6, 8 and 9 in the table. They stay selected. Then go through the "
        "hidden neurons at the top, and find the one with the largest AUC: the share of such pairs. The best so far "
        "is shown here."
    )


def _look(view: View, question: Question, noted: Sequence[Facts]) -> Facts | None:
    if changes(view):
        return None
    own, best = _own(view), max((facts.get("auc", 0.0) for facts in noted), default=0.0)
    for seen in view.nominated:
        score = own.get((seen.layer, seen.neuron))
        if set(seen.members) == set(LOOPS) and score is not None and score > best:
            return {"layer": float(seen.layer), "neuron": float(seen.neuron), "auc": score}
    return None


def _passed(question: Question, noted: Sequence[Facts]) -> Facts | None:
    facts = last(noted, "auc")
    return facts if facts is not None and facts["auc"] >= question.setting["best"] - CLOSE else None


def _status(question: Question, noted: Sequence[Facts]) -> str:
    facts = last(noted, "auc")
    if facts is None:
        return "No hidden neuron of this network has been looked at with 0, 6, 8 and 9 selected."
    return (
        f"The best so far: neuron {facts['neuron']:.0f} of hidden layer {facts['layer'] + 1:.0f}, AUC "
        f"{facts['auc']:.3f}. "
        "There is "
        "a better one."
    )


def _gap(question: Question, values: tuple[float, ...], found: Facts) -> str:
    best, twin = found["auc"], question.setting["twin"]
    gained = best - twin
    meaning = (
        "Training has made a neuron that responds to loops, though not to loops alone."
        if gained > 0.05
        else "An untrained network has a neuron nearly as good: this one was not made for loops."
    )
    return (
        f"You predicted {values[0]:.1f} %, the best neuron reaches {100 * best:.1f} % (AUC {best:.3f}): neuron "
        f"{found['neuron']:.0f} of hidden layer {found['layer'] + 1:.0f}. The best one before any training reaches "
        f"{100 * twin:.1f} %. {meaning}"
    )


def _transfer(view: View, number: int) -> Question:
    members = LINES if number == 0 else (3, 5, 8)
    best = max(view.known(f"loops {members}", lambda: _scores(view, view.trained_net(), members)).values())
    return Question(
        "number",
        f"And for the digits {', '.join(map(str, members))}: what percentage does the best hidden neuron reach?",
        unit="%",
        truth=(100 * best,),
        tolerance=5.0,
        told="Computed just now over all hidden neurons and all test images.",
    )


def _hints(view: View, question: Question) -> tuple[str, str, str]:
    own = _own(view)
    layer, neuron = max(own, key=lambda place: own[place])
    size = sum(1 for place in own if place[0] == layer)
    return (
        "The names of the classes in the table are buttons. They stay selected while you go from neuron to neuron.",
        f"It is in hidden layer {layer + 1}.",
        f"It is in the {'first' if neuron < size / 2 else 'second'} half of hidden layer {layer + 1}, which has {size} "
        "neurons.",
    )


LESSON = Lesson(
    name="loops",
    number=11,
    title="Edges, loops, lines",
    line="Maybe a neuron stands for a loop",
    room="look-for",
    minutes=7,
    about="One hopes that hidden neurons stand for parts of digits. That can be measured.",
    unsuited=_unsuited,
    ask=_ask,
    task=_task,
    look=_look,
    passed=_passed,
    status=_status,
    gap=_gap,
    transfer=_transfer,
    hints=_hints,
    needs=("best", "twin"),
    foreign=lambda view, _question, _noted: changes(view),
    place="Values by class",
)

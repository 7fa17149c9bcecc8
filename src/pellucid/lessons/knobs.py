"""Lesson: thousands of knobs. One weight hardly matters; some neurons do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.inspect.ablation import ablate
from pellucid.inspect.names import neuron_words
from pellucid.lessons.changes import changes
from pellucid.lessons.lesson import Lesson, Tool, last, percent
from pellucid.lessons.records import Facts, Question
from pellucid.lessons.view import View, dense_places, unsuited

Place = tuple[int, int]


def _accuracies(view: View) -> dict[Place, float]:
    """Return the accuracy without each hidden neuron, by layer and neuron."""

    def find() -> dict[Place, float]:
        net = view.trained_net()
        places = [(each.number, neuron) for each in dense_places(net)[:-1] for neuron in range(each.neurons)]
        return {place: view.accuracy(ablate(net, {place: 0.0})) for place in places}

    found: dict[Place, float] = view.known("without-each", find)
    return found


def _knob(view: View) -> tuple[int, int, int]:
    """Return a first-layer weight of middling size at a pixel that has ink in many images: its neuron, pixel, index."""
    place = dense_places(view.net)[0]
    weights = view.trained[place.weight : place.bias].reshape(place.inputs, place.neurons)
    inked = np.asarray(view.test.images, np.float32).reshape(len(view.test), -1).mean(axis=0)
    pixel = int(inked.argmax())
    neuron = int(np.argsort(np.abs(weights[pixel]), kind="stable")[place.neurons // 2])
    return neuron, pixel, place.weight_index(neuron, pixel)


def _ask(view: View) -> Question:
    neuron, pixel, index = _knob(view)
    count = view.net.parameter_count
    before = view.known("accuracy", lambda: view.accuracy(view.trained_net()))
    return Question(
        "number",
        f"Of {len(view.test):,} test images, how many are read differently when one weight is set to 0: that from "
        f"{neuron_words(view.net, -1, pixel)} to {neuron_words(view.net, 0, neuron)}? It is one of {count:,} knobs.",
        unit="images",
        high=float(len(view.test)),
        setting={"knob": float(index), "before": before, "knobs": float(count), "images": float(len(view.test))},
    )


def _task(view: View, question: Question) -> str:
    return (
        "Set the weight to 0. Then go on by yourself: select a hidden neuron, press “on” in its panel to switch it "
        "off, "
        "and press it again before the next one. Find the neuron without which the network reads worst."
    )


def _look(view: View, question: Question, noted: Sequence[Facts]) -> Facts | None:
    knob = int(question.setting["knob"])
    if len(view.turned) and not changes(view, [knob]) and view.net.parameters[knob] == 0:
        if last(noted, "changed"):
            return None
        changed = view.readings(view.net) != view.readings(view.trained_net())
        return {"changed": float(changed.sum())}
    if len(view.factors) != 1 or changes(view, [knob], neurons=True):
        return None
    [(place, factor)] = view.factors.items()
    known = _accuracies(view)
    if factor != 0 or place not in known:
        return None
    tried = [facts for facts in noted if "accuracy" in facts]
    if any((facts["layer"], facts["neuron"]) == place for facts in tried):
        return None
    return {
        "layer": float(place[0]), "neuron": float(place[1]), "accuracy": view.accuracy(view.effective),
        "alone": known[place], "worst": min(known.values()),
    }  # fmt: skip


def _alone(facts: Facts) -> float:
    """Return the accuracy without a neuron that was tried, with all knobs as trained."""
    return facts["alone"] if "alone" in facts else facts.get("accuracy", 1.0)


def _passed(question: Question, noted: Sequence[Facts]) -> Facts | None:
    changed = last(noted, "changed")
    worst = next((facts for facts in noted if "worst" in facts and _alone(facts) <= facts["worst"]), None)
    return None if changed is None or worst is None else changed | worst


def _status(question: Question, noted: Sequence[Facts]) -> str:
    changed, tried = last(noted, "changed"), [facts for facts in noted if "accuracy" in facts]
    said = (
        "The weight is not 0 yet."
        if changed is None
        else f"With the weight at 0, {changed['changed']:.0f} of {question.setting['images']:,.0f} images are read "
        "differently."
    )
    if not tried:
        return f"{said} No neuron has been switched off alone yet."
    worst = min(tried, key=_alone)
    found = " None is worse." if _alone(worst) <= worst.get("worst", -1.0) else " There is a worse one."
    return (
        f"{said} Neurons tried: {len(tried)}; the worst so far is neuron {worst['neuron']:.0f} of hidden layer "
        f"{worst['layer'] + 1:.0f}, without which {percent(worst['accuracy'])} are read correctly.{found}"
    )


def _gap(question: Question, values: tuple[float, ...], found: Facts) -> str:
    images, before = question.setting["images"], question.setting["before"]
    return (
        f"You predicted {values[0]:,.0f} images, it was {found['changed']:,.0f} of {images:,.0f}. Without neuron "
        f"{found['neuron']:.0f} of hidden layer {found['layer'] + 1:.0f}, {percent(found['accuracy'])} are read "
        "correctly "
        "instead of "
        f"{percent(before)}. What the network knows is spread over {question.setting['knobs']:,.0f} knobs, unevenly."
    )


def _transfer(view: View, number: int) -> Question:
    known = _accuracies(view)
    (layer, neuron), accuracy = sorted(known.items(), key=lambda item: (-item[1], item[0]))[number % len(known)]
    which = "the neuron that matters least" if number == 0 else "another neuron"
    return Question(
        "number",
        f"Now {which}: what percentage is read correctly without {neuron_words(view.net, layer, neuron)}? Nothing has "
        "to "
        "be tried.",
        unit="%",
        truth=(100 * accuracy,),
        tolerance=5.0,
        told=f"It is {percent(accuracy)}: neurons matter very differently.",
    )


def _hints(view: View, question: Question) -> tuple[str, str, str]:
    known = _accuracies(view)
    layer, neuron = min(known, key=lambda place: known[place])
    size = sum(1 for place in known if place[0] == layer)
    half = "first" if neuron < size / 2 else "second"
    return (
        "Switch each neuron on again before the next one. The status bar shows the accuracy after every change.",
        f"It is in hidden layer {layer + 1}.",
        f"It is in the {half} half of hidden layer {layer + 1}, which has {size} neurons.",
    )


def _tools(view: View, question: Question) -> tuple[Tool, ...]:
    knob = int(question.setting["knob"])
    return (Tool("Set this weight to 0", (knob,), (0.0,)), Tool("Select this weight", find=knob))


def _figures(view: View) -> dict[str, list[float]]:
    known = _accuracies(view)
    return {
        "layers": [float(layer) for layer, _ in known],
        "neurons": [float(neuron) for _, neuron in known],
        "accuracies": list(known.values()),
    }


LESSON = Lesson(
    name="knobs",
    number=6,
    title="Thousands of knobs",
    line="13,002 weights and biases",
    room="turn",
    minutes=7,
    about="All that a network has learned is in its weights and biases: knobs that training has set.",
    unsuited=unsuited,
    ask=_ask,
    task=_task,
    look=_look,
    passed=_passed,
    status=_status,
    gap=_gap,
    transfer=_transfer,
    hints=_hints,
    tools=_tools,
    needs=("knob", "before", "knobs", "images"),
    foreign=lambda view, question, _noted: changes(view, [int(question.setting["knob"])], neurons=True),
    figures=_figures,
)

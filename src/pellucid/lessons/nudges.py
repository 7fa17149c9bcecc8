"""Lesson: how training works. Backpropagation says for every knob in which direction it should go."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.inspect.backward import Backpropagation, backpropagate, check_parameter
from pellucid.inspect.knobs import Knobs
from pellucid.inspect.names import knob_name, neuron_words
from pellucid.lessons.changes import changes
from pellucid.lessons.deeds import DerivativeChecked, StepTaken
from pellucid.lessons.lesson import Lesson, Tool, last
from pellucid.lessons.records import Facts, Question
from pellucid.lessons.view import View, dense_places, unsuited

FALLS, RISES, STAYS = 0, 1, 2
DIRECTIONS = ("it falls", "it rises", "it stays the same")

ENOUGH = 4
"""How many of the answers have to be right."""

BROWSED = 200
"""Held-out images among which one is chosen."""


def _direction(derivative: float) -> int:
    """Return what the cost does when a number with this derivative is raised."""
    return STAYS if abs(derivative) < 1e-9 else RISES if derivative > 0 else FALLS


def _images(view: View) -> list[int]:
    """Return held-out images, those first that cost most among the ones that are read correctly."""

    def find() -> list[int]:
        outputs = np.nan_to_num(np.asarray(view.trained_net()(view.images()[:BROWSED]), np.float64))
        labels = view.test.labels[:BROWSED]
        wanted = outputs[np.arange(len(labels)), labels]
        wrong = outputs.argmax(axis=1) != labels
        order: list[int] = np.lexsort((wanted, wrong)).tolist()
        return order

    found: list[int] = view.known("nudges", find)
    return found


def _backpropagated(view: View, image: int) -> Backpropagation:
    return backpropagate(view.trained_net(), view.images()[image], int(view.test.labels[image]), view.loss)


def _knobs(view: View, result: Backpropagation) -> list[int]:
    """Return five knobs: two biases and a weight of outputs, a hidden bias, and the weight of an empty pixel.

    A picture without an empty pixel has another weight of an output instead.
    """
    *_, before, output = dense_places(view.net)
    outputs, label = result.layers[-1], int(result.label or 0)
    rival = next(int(each) for each in np.argsort(-outputs.activations, kind="stable") if each != label)
    source = int(outputs.inputs.argmax())
    neuron = int(result.layers[-2].by_biases.argmin())
    empty = np.flatnonzero(result.x == 0)
    first = dense_places(view.net)[0]
    idle = output.weight_index(label, source)
    if len(empty):
        idle = first.weight_index(neuron % first.neurons, int(empty[len(empty) // 2]))
    biases = [output.bias + rival, output.bias + label, before.bias + neuron]
    return [biases[2], idle, biases[0], biases[1], output.weight_index(rival, source)]


def _row(view: View, result: Backpropagation, index: int) -> str:
    """Name a knob, with what it multiplies."""
    knob = Knobs(result.net)[index]
    name = knob_name(result.net, knob)
    if knob.input is None:
        return name
    return f"{name} (input {float(result.layers[knob.layer].inputs[knob.input]):.2f})"


def _ask(view: View) -> Question:
    image = _images(view)[0]
    result = _backpropagated(view, image)
    knobs = _knobs(view, result)
    checks = [check_parameter(result, knob) for knob in knobs]
    reading = int(result.layers[-1].activations.argmax())
    setting = {"image": float(image), "label": float(result.label or 0), "loss": result.cost}
    for at, (knob, check) in enumerate(zip(knobs, checks, strict=True)):
        setting |= {f"knob{at}": float(knob), f"derivative{at}": check.derivative, f"difference{at}": check.difference}
    classes = view.net.classes
    return Question(
        "choices",
        f"Test image {image} shows {classes[result.label or 0]}, which the network reads as {classes[reading]}, at "
        f"{float(result.layers[-1].activations[reading]):.2f}. One knob is raised a little. What happens to the cost "
        "of this picture?",
        DIRECTIONS,
        tuple(_row(view, result, knob) for knob in knobs),
        truth=tuple(float(_direction(check.derivative)) for check in checks),
        setting=setting,
        told="The derivatives by these knobs: " + ", ".join(f"{check.derivative:+.3g}" for check in checks) + ".",
    )


def _task(view: View, question: Question) -> str:
    return (
        f"Open test image {question.setting['image']:.0f} in Nudge. Show some of the knobs in its stages and press "
        "check beside them: backpropagation and a finite difference stand side by side. Change your answers where they "
        "say so; an answer counts as changed once its knob is checked. Then take a gradient step on this picture."
    )


def _weigh(values: tuple[float, ...]) -> Facts:
    return {f"answer{at}": value for at, value in enumerate(values)}


def _count(question: Question) -> int:
    return len(question.rows)


def _look(view: View, question: Question, noted: Sequence[Facts]) -> Facts | None:
    setting = question.setting
    if view.example != setting["image"]:
        return None
    for check in view.done(DerivativeChecked):
        if (check.label, check.loss) == (setting["label"], view.loss) and not changes(view):
            for at in range(_count(question)):
                known = any(facts.get("checked") == at for facts in noted)
                if setting[f"knob{at}"] == check.knob and check.agrees and not known:
                    return {"checked": float(at), "derivative": check.derivative, "difference": check.difference}
    for step in view.done(StepTaken):
        if step.of == "example" and step.label == setting["label"] and step.changed and len(view.turned):
            return {"changed": float(step.changed), "rate": step.rate, "before": step.before, "after": step.after}
    return None


def _answers(noted: Sequence[Facts]) -> tuple[Facts, Facts]:
    """Return the first answers and the latest."""
    given = [facts for facts in noted if "answer0" in facts]
    return (given[0], given[-1]) if given else ({}, {})


def _checked(noted: Sequence[Facts]) -> set[int]:
    return {int(facts["checked"]) for facts in noted if "checked" in facts}


def _right(question: Question, noted: Sequence[Facts]) -> set[int]:
    """Return which answers agree with the gradient and with a finite difference, both computed for the question.

    A changed answer counts once its knob was checked in the room.
    """
    (first, latest), checked = _answers(noted), _checked(noted)
    found = set()
    for at in range(_count(question)):
        answer = latest.get(f"answer{at}")
        agrees = all(answer == _direction(question.setting[f"{kind}{at}"]) for kind in ("derivative", "difference"))
        if agrees and (answer == first.get(f"answer{at}") or at in checked):
            found.add(at)
    return found


def _passed(question: Question, noted: Sequence[Facts]) -> Facts | None:
    step, right, checked = last(noted, "changed"), _right(question, noted), _checked(noted)
    if step is None or len(right) < ENOUGH or not checked:
        return None
    return step | {"right": float(len(right)), "seen": float(len(checked))}


def _status(question: Question, noted: Sequence[Facts]) -> str:
    checked, right = _checked(noted), _right(question, noted)
    step = last(noted, "changed")
    seen = f"Checked: {len(checked)} of {_count(question)} knobs"
    if checked:
        seen += f"; your answers agree with {len(checked & right)} of these checks"
    if step is None:
        return f"{seen}. No step taken on this picture yet."
    need = "" if checked else " Check at least one knob."
    short = f" Fewer than {ENOUGH} answers are right." if len(right) < ENOUGH else ""
    return f"{seen}. The step is taken.{need}{short}"


def _gap(question: Question, values: tuple[float, ...], found: Facts) -> str:
    right = sum(value == truth for value, truth in zip(values, question.truth, strict=True))
    fell = found["after"] < found["before"]
    meaning = (
        "Each moved against its derivative, and the cost fell."
        if fell
        else "The step was too large: the cost rose, since a derivative holds for small changes only."
    )
    return (
        f"You predicted {right} of {_count(question)} directions; in the end {found['right']:.0f} agreed with the "
        f"gradient and a finite difference. Your step at rate {found['rate']:g} changed {found['changed']:,.0f} knobs "
        f"at once. {meaning} Before it was {found['before']:.4f}, after it {found['after']:.4f}. Backpropagation is "
        "bookkeeping: one pass back through the layers gives all these directions."
    )


def _transfer(view: View, number: int) -> Question:
    images = _images(view)
    image = images[(1 + number) % len(images)]
    result = _backpropagated(view, image)
    *_, before, _ = dense_places(view.net)
    neuron = int(np.argsort(-np.abs(result.layers[-2].by_biases), kind="stable")[0])
    label = int(result.label or 0)
    weight = float(result.layers[-1].weights[label, neuron])
    derivative = check_parameter(result, before.bias + neuron).derivative
    return Question(
        "choice",
        f"Test image {image} shows {view.net.classes[label]}. The weight from "
        f"{neuron_words(view.net, before.number, neuron)} to output {view.net.classes[label]} is {weight:+.2f}. The "
        "bias "
        "of this neuron is raised a little. What does the cost do?",
        DIRECTIONS,
        truth=(float(_direction(derivative)),),
        told=f"The derivative is {derivative:+.3g}. It adds up what the neuron does to every output, not to one alone.",
    )


def _hints(view: View, question: Question) -> tuple[str, str, str]:
    label = view.net.classes[int(question.setting["label"])]
    return (
        f"The cost falls when the output {label} rises, or any other output falls.",
        "A weight acts through the activation that it multiplies: raised by h, it adds h times the activation to the "
        "sum. At an activation of 0 it adds nothing.",
        "The buttons with the names of the knobs lead to their stages. An arrow up means that raising the number "
        "lowers the cost.",
    )


def _tools(view: View, question: Question) -> tuple[Tool, ...]:
    image = int(question.setting["image"])
    if image >= len(view.test):
        return ()
    knobs = Knobs(view.net)
    found = [int(question.setting[f"knob{at}"]) for at in range(_count(question))]
    rows = [Tool(knob_name(view.net, knobs[knob]), find=knob) for knob in found if knob < len(knobs)]
    return (Tool(f"Open test image {image}", example=image), *rows)


LESSON = Lesson(
    name="nudges",
    number=9,
    title="How training works",
    line="How one layer influences the next",
    room="nudge",
    minutes=8,
    about="Training lowers the cost: a number that is large where the outputs are wrong.",
    unsuited=unsuited,
    ask=_ask,
    task=_task,
    look=_look,
    passed=_passed,
    status=_status,
    gap=_gap,
    transfer=_transfer,
    hints=_hints,
    foreign=lambda view, _question, _noted: changes(view),
    place="Backpropagation, stage by stage",
    tools=_tools,
    needs=(
        "image",
        "label",
        "loss",
        *(f"{kind}{at}" for at in range(5) for kind in ("knob", "derivative", "difference")),
    ),
    counts=(DerivativeChecked, StepTaken),
    weigh=_weigh,
)

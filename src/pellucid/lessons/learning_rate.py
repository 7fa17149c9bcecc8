"""Lesson: the learning rate. Too small and it hardly moves, too large and it breaks: a valley of rates."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.lessons.deeds import EpochTested
from pellucid.lessons.lesson import Lesson, percent
from pellucid.lessons.records import Facts, Question
from pellucid.lessons.view import View

EPOCHS = 5
"""Length of a run: short enough to be done at once, long enough for a good rate."""

RUNS = 3
GOOD = 0.9
ABOVE_CHANCE = 0.1
"""How far above always naming the most frequent class an accuracy may be to count as stuck."""

LOWEST, HIGHEST = 1e-9, 1e6
TINY, SMALLER = 0.0005, 0.1
"""Rates of the question elsewhere: far below the usual one."""

OPTIONS = (
    f"{percent(GOOD, 0)} or more: small steps are careful steps",
    "fewer: it learns the same, but has not come as far",
    "little more than guessing: it has hardly moved",
)


def _unsuited(view: View) -> str | None:
    if not view.reads_images or tuple(view.net.classes) != tuple("0123456789"):
        return "It needs images of the ten digits to train on: open digits-sigmoid or digits-relu."
    return None


def _ask(view: View) -> Question:
    stuck = view.chance + ABOVE_CHANCE
    return Question(
        "number",
        f"You will train new networks for {EPOCHS} epochs each, and change nothing but the learning rate. Each step "
        "moves every weight by the rate times its gradient; rates such as 0.01, 0.1 or 1 are common. From which "
        f"learning rate on does a new network get stuck: little better than guessing, with at most {percent(stuck, 0)} "
        "of the test images read correctly?",
        low=LOWEST,
        high=HIGHEST,
        setting={"stuck": stuck},
    )


def _task(view: View, question: Question) -> str:
    return (
        f"In Learn, press New network below the plan, then Train, for {EPOCHS} epochs or more. Change the learning "
        "rate "
        f"in the plan, nothing else, and do it again, until you have {RUNS} rates: one with which it reads more than "
        f"{percent(GOOD, 0)} of the test images after {EPOCHS} epochs, and a larger one with which it is stuck."
    )


def _look(view: View, question: Question, noted: Sequence[Facts]) -> Facts | None:
    known = {(facts.get("plan"), facts.get("rate")) for facts in noted}
    for seen in view.done(EpochTested):
        complete = seen.epoch == EPOCHS or (seen.diverged and seen.epoch <= EPOCHS)
        if complete and (float(seen.plan), seen.rate) not in known:
            diverged = float(seen.diverged)
            return {"plan": float(seen.plan), "rate": seen.rate, "accuracy": seen.accuracy, "diverged": diverged}
    return None


def _runs(noted: Sequence[Facts]) -> list[list[Facts]]:
    """Return the runs that differ in their learning rate only, by their plan, the largest group first."""
    groups: dict[float, list[Facts]] = {}
    for facts in noted:
        if {"plan", "rate", "accuracy"} <= set(facts):
            groups.setdefault(facts["plan"], []).append(facts)
    found = [sorted(group, key=lambda facts: facts["rate"]) for group in groups.values()]
    return sorted(found, key=len, reverse=True)


def _is_stuck(question: Question, run: Facts) -> bool:
    return bool(run.get("diverged")) or run["accuracy"] <= question.setting["stuck"]


def _bounds(question: Question, runs: list[Facts]) -> tuple[Facts, Facts] | None:
    """Return the best run that reads enough, and the stuck run with the smallest rate above it."""
    good = [run for run in runs if run["accuracy"] > GOOD and not run.get("diverged")]
    if not good:
        return None
    best = max(good, key=lambda run: run["accuracy"])
    stuck = [run for run in runs if run["rate"] > best["rate"] and _is_stuck(question, run)]
    return (best, stuck[0]) if stuck else None


def _passed(question: Question, noted: Sequence[Facts]) -> Facts | None:
    for runs in _runs(noted):
        bounds = _bounds(question, runs)
        if len(runs) < RUNS or bounds is None:
            continue
        best, stuck = bounds
        learned = max(run["rate"] for run in runs if run["rate"] < stuck["rate"] and not _is_stuck(question, run))
        return {
            "runs": float(len(runs)), "best": best["rate"], "best_accuracy": best["accuracy"], "learned": learned,
            "stuck": stuck["rate"], "stuck_accuracy": stuck["accuracy"], "lowest": runs[0]["rate"],
            "lowest_accuracy": runs[0]["accuracy"],
        }  # fmt: skip
    return None


def _status(question: Question, noted: Sequence[Facts]) -> str:
    groups = _runs(noted)
    if not groups:
        return f"No new network has been trained for {EPOCHS} epochs at one rate yet."
    runs = groups[0]
    listed = ", ".join(
        f"rate {run['rate']:g} {'diverged' if run.get('diverged') else percent(run['accuracy'])}" for run in runs[-6:]
    )
    missing = []
    if not any(run["accuracy"] > GOOD for run in runs):
        missing.append(f"one above {percent(GOOD, 0)}")
    if _bounds(question, runs) is None:
        missing.append("a stuck one at a larger rate than the best")
    if len(runs) < RUNS:
        missing.append(f"{RUNS} rates with the same plan")
    others = f" {len(groups) - 1} other plans do not count with it." if len(groups) > 1 else ""
    return f"After {EPOCHS} epochs: {listed}. Missing: {', '.join(missing)}.{others}"


def _gap(question: Question, values: tuple[float, ...], found: Facts) -> str:
    low, high = found["learned"], found["stuck"]
    verdict = "which is in between" if low < values[0] <= high else "too low" if values[0] <= low else "too high"
    below = (
        f" At {found['lowest']:g} it read {percent(found['lowest_accuracy'])}: its steps were small."
        if found["lowest"] < found["best"]
        else ""
    )
    return (
        f"You predicted that it gets stuck from {values[0]:g} on, {verdict}: at {low:g} it still learned, at {high:g} "
        f"it was stuck with {percent(found['stuck_accuracy'])}. It read most at {found['best']:g}, "
        f"{percent(found['best_accuracy'])}.{below} The rates that learn well lie in a valley of the loss between too "
        "small and too large."
    )


def _transfer(view: View, number: int) -> Question:
    rate = TINY if number == 0 else SMALLER
    accuracy = view.known(f"rate {rate}", lambda: view.train_new(rate, EPOCHS))
    truth = 0.0 if accuracy >= GOOD else 2.0 if accuracy <= view.chance + 2 * ABOVE_CHANCE else 1.0
    return Question(
        "choice",
        f"To the other side: a new sigmoid network of the usual plan for these images is trained for {EPOCHS} epochs "
        f"at a rate of {rate:g}. How many test images does it read correctly?",
        OPTIONS,
        truth=(truth,),
        told=f"Trained just now: {percent(accuracy)} after {EPOCHS} epochs.",
    )


def _hints(view: View, question: Question) -> tuple[str, str, str]:
    return (
        "The learning rate is in the plan. Press New network after each change: then nothing else differs.",
        "To next epoch trains one epoch. After a run, To start goes back: set another rate there and train again.",
        "Change the rate by a factor of ten or more. Rates beyond 1 are allowed.",
    )


LESSON = Lesson(
    name="learning-rate",
    number=8,
    title="Where learning breaks",
    line="The learning rate",
    room="learn",
    minutes=7,
    about="Training repeats small steps downhill on the loss.",
    unsuited=_unsuited,
    ask=_ask,
    task=_task,
    look=_look,
    passed=_passed,
    status=_status,
    gap=_gap,
    transfer=_transfer,
    hints=_hints,
    needs=("stuck",),
    place="Plan",
    counts=(EpochTested,),
)

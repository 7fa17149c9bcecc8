"""A network's training record in words."""

from __future__ import annotations

from typing import Any

from pellucid.data.columns import some_names
from pellucid.system.quantities import duration, percent


def record_lines(record: dict[str, Any]) -> list[tuple[str, str]]:
    """Describe a training record in words. Unknown or malformed entries are shown unchanged.

    Examples
    --------
    >>> record_lines({"data": "digits (train)", "images": 8000, "test_accuracy": 0.9435, "test_images": 2000})
    [('data', 'digits (train), 8,000 images'), ('held out', '94.3 % of 2,000 correct')]
    """
    left = dict(record)
    lines = []
    for name, needs, words in _PHRASES:
        try:
            value = words(*(left[need] for need in needs))
        except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
            continue
        lines.append((name, value))
        for need in needs:
            left.pop(need)
    return lines + [(str(name).replace("_", " "), _value(value)) for name, value in left.items()]


def _time(epochs: int, seconds: float) -> str:
    return f"{epochs:,} epochs in {duration(seconds)}"


def _of_its_kind(mean: float, deviation: float, seeds: int) -> str:
    return f"{percent(mean)} correct on average, standard deviation {percent(deviation)}, over {seeds} seeds"


def _optimizer(optimizer: dict[str, Any]) -> str:
    rate = optimizer["learning_rate"]
    others = [f"{name} {_value(value)}" for name, value in optimizer.items() if name not in ("kind", "learning_rate")]
    then = f", then {rate['then']['kind']}" if rate.get("then") else ""
    shown = f"learning rate {rate['learning_rate']:g} ({rate['kind'].replace('_', ' ')}{then})"
    return ", ".join([optimizer["kind"], shown, *others])


def _columns(columns: dict[str, Any]) -> str:
    standardized = ", standardised" if "mean" in columns else ""
    return f"{columns['label']} from {some_names(columns['features'])}{standardized}"


_PHRASES: tuple[tuple[str, tuple[str, ...], Any], ...] = (
    ("data", ("data", "images"), lambda data, images: f"{data}, {images:,} images"),
    ("trained", ("epochs", "seconds"), _time),
    ("held out", ("test_accuracy", "test_images"), lambda share, count: f"{percent(share)} of {count:,} correct"),
    ("held out", ("test_accuracy",), lambda accuracy: f"{percent(accuracy)} correct"),
    ("of its kind", ("test_accuracy_mean", "test_accuracy_std", "seeds"), _of_its_kind),
    ("loss", ("loss",), str),
    ("optimizer", ("optimizer",), _optimizer),
    ("columns", ("columns",), _columns),
    ("augmented", ("augment",), lambda augment: "no" if augment is None else _value(augment)),
)


def _value(value: Any) -> str:
    """Describe plain data briefly."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_value(each)}" for name, each in value.items())
    if isinstance(value, list):
        return " ".join(_value(each) for each in value)
    return "none" if value is None else str(value)

"""How well spoken digits are recognised: fsdd's official clips, strangers, other words, rows of digits, time per clip.

    python benchmarks/hearing.py                        # the shipped network; about two minutes
    python benchmarks/hearing.py OLD.safetensors spoken-digits --fill   # a column each, into docs/speech.md
    python benchmarks/hearing.py --clips FOLDER         # also recordings of your own, listed in FOLDER/labels.csv

The strangers are the ``test`` speakers of `pellucid.data.voices`: no network of this project was trained or calibrated
on them. The folders ``fsdd`` and ``voices`` are looked for below PELLUCID_DATA. ``labels.csv`` has the columns ``file``
and ``expected``, the digits that are said; a clip is right if these are the sure digits of its text.
"""

from __future__ import annotations

import argparse
import csv
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import pellucid as pl
from pellucid import data
from pellucid.data.recordings import Recordings
from pellucid.data.voices import Voices, load_voices
from pellucid.speech import Listener, hear
from pellucid.speech.features import powers
from pellucid.speech.joining import Joining, differences
from pellucid.speech.recognizer import Recognizer

PAGE = Path(__file__).parents[1] / "docs" / "speech.md"
BEGIN, END = "<!-- hearing: begin -->", "<!-- hearing: end -->"
FALSE_ALARMS = 0.02

Samples = NDArray[np.float32]


class Heard(NamedTuple):
    """What was recognised in one clip: the text, and confidence and guess of the surest digit, or 0 and None."""

    text: str
    confidence: float
    guess: int | None


def heard(net: pl.Network, samples: Samples) -> Heard:
    """Recognise a clip (n,) as `pellucid.speech.hear` does, without knowing how many digits there are."""
    listener = Listener(net)
    sentences = [*listener.feed(samples), *listener.finish()]
    digits = [word for sentence in sentences for word in sentence.words if word.guess is not None]
    surest = max(digits, key=lambda word: word.confidence, default=None)
    text = "".join(sentence.text for sentence in sentences)
    return Heard(text, 0.0, None) if surest is None else Heard(text, surest.confidence, surest.guess)


def official(net: pl.Network) -> dict[str, str]:
    """Measure the official test clips of fsdd, whose speakers are also in the training data."""
    test = data.load("fsdd").test
    found = [heard(net, samples).text for samples, _ in test]
    right = np.mean([text == str(label) for text, label in zip(found, test.labels, strict=True)])
    wrong = np.mean([sure_digits(text) not in ("", str(label)) for text, label in zip(found, test.labels, strict=True)])
    return {
        "official clips: text right / wrong": f"{right:.1%} / {wrong:.1%}",
        "official clips: forced choice": f"{forced(net, test).mean():.1%}",
    }


def sure_digits(text: str) -> str:
    """Return the digits of a text without the unsure ones, which stand in parentheses."""
    return re.sub(r"\(\d\)|\D", "", text)


def forced(net: pl.Network, clips: Recordings) -> NDArray[np.bool_]:
    """Return whether each digit (N,) is right when it is known that there is one."""
    recognizer = Recognizer(net)
    return np.array([recognizer.best(recognizer.logs(powers(samples)), 1) == [label] for samples, label in clips])


def strangers(net: pl.Network, voices: Voices) -> dict[str, str]:
    """Measure single words of speakers that no network was trained on."""
    digits, others = voices.test[voices.test.labels >= 0], voices.test[voices.test.labels < 0]
    known = forced(net, digits)
    by_digit = [known[digits.labels == digit].mean() for digit in sorted(set(digits.labels.tolist()))]
    of_digits = [heard(net, samples) for samples, _ in digits]
    of_others = np.array([heard(net, samples).confidence for samples, _ in others])
    right = np.array([one.guess == label for one, label in zip(of_digits, digits.labels, strict=True)])
    confidence = np.array([one.confidence for one in of_digits])
    limit = np.sort(of_others)[::-1][int(FALSE_ALARMS * len(of_others))]
    return {
        f"strangers ({len(digits)} digits): forced choice": f"{known.mean():.1%}",
        "the same, mean over the ten digits": f"{np.mean(by_digit):.1%}",
        "strangers, sure and right": f"{(right & (confidence >= 0.75)).mean():.1%}",
        "strangers, sure and wrong": f"{(~right & (confidence >= 0.75)).mean():.1%}",
        f"other words of strangers ({len(others)}) taken surely for a digit": f"{(of_others >= 0.75).mean():.1%}",
        "sure and right at 2 % of other words taken for digits": f"{(right & (confidence > limit)).mean():.1%}",
    }


def joined(net: pl.Network, voices: Voices) -> dict[str, str]:
    """Measure rows of one to seven digits, joined from recordings of one stranger each."""
    recognizer, wrong, count = Recognizer(net), 0, 0
    digits = voices.test[voices.test.labels >= 0]
    for samples, labels in Joining().sequences(digits, 200, seed=0):
        wrong += differences(labels, recognizer.best(recognizer.logs(powers(samples))))
        count += len(labels)
    return {"joined digits of strangers, error": f"{wrong / count:.1%}"}


def unknown_words(net: pl.Network) -> dict[str, str]:
    """Measure words of synthetic voices, of which most occur in no training data."""
    spoken = data.load("spoken").test
    others = [samples for samples, label in spoken if label < 0]
    sure = np.mean([heard(net, samples).confidence >= 0.75 for samples in others])
    return {f"other words of synthetic voices ({len(others)}) taken surely for a digit": f"{sure:.1%}"}


def seconds(net: pl.Network) -> dict[str, str]:
    """Measure the time of one clip: features, network, search and confidence."""
    clips = [samples for samples, _ in data.load("fsdd").test[:60]]
    times = []
    for samples in clips:
        begin = time.perf_counter()
        heard(net, samples)
        times.append(time.perf_counter() - begin)
    return {"one clip, median time": f"{1000 * median(times):.1f} ms"}


def own_clips(net: pl.Network, folder: Path) -> dict[str, str]:
    """Measure the recordings that ``labels.csv`` in a folder lists, and print the text of those that are wrong."""
    with (folder / "labels.csv").open(newline="") as table:
        expected = {row["file"]: row["expected"] for row in csv.DictReader(table)}
    texts = {name: hear(folder / name, net).text for name in expected}
    wrong = [name for name, text in texts.items() if sure_digits(text) != expected[name]]
    for name in wrong:
        print(f"{name}: expected {expected[name]!r}, got {texts[name]!r}")
    return {f"recordings in {folder.name} ({len(texts)}): right": f"{len(texts) - len(wrong)}"}


def measured(name: str, voices: Voices, clips: Path | None = None) -> dict[str, str]:
    """Measure everything of one network."""
    net = pl.load(name)
    parts: list[Callable[[], dict[str, str]]] = [
        lambda: official(net), lambda: strangers(net, voices), lambda: joined(net, voices),
        lambda: unknown_words(net), lambda: seconds(net), lambda: left_out(net),
    ]  # fmt: skip
    if clips is not None:
        parts.append(lambda: own_clips(net, clips))
    return {row: value for part in parts for row, value in part().items()}


def left_out(net: pl.Network) -> dict[str, str]:
    """Return the recorded results of ``python -m pellucid.models.spoken_digits --leave-one-out``."""
    figures = net.record.get("figures", {}).get("leave_one_out", {})
    if not figures:
        return {}
    singles = [score["single"] for score in figures.values()]
    row = f"speakers left out ({len(singles)}), forced choice: mean / worst"
    return {row: f"{np.mean(singles):.1%} / {min(singles):.1%}"}


def table(columns: dict[str, dict[str, str]]) -> str:
    """Return a table in Markdown."""
    rows = list(dict.fromkeys(row for column in columns.values() for row in column))
    lines = [f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {row} | {' | '.join(column.get(row, '') for column in columns.values())} |" for row in rows]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=["spoken-digits"], help="shipped names or files")
    parser.add_argument("--names", nargs="*", help="the heading of each column; by default the names of the networks")
    parser.add_argument("--fill", action="store_true", help="write the table into docs/speech.md")
    parser.add_argument("--clips", type=Path, help="a folder with recordings and labels.csv")
    options = parser.parse_args(arguments)
    voices = load_voices()
    names = options.names or [Path(name).stem for name in options.networks]
    text = table(
        {name: measured(net, voices, options.clips) for name, net in zip(names, options.networks, strict=True)}
    )
    print(text)
    if options.fill:
        page = PAGE.read_text()
        begin, end = page.index(BEGIN) + len(BEGIN), page.index(END)
        PAGE.write_text(f"{page[:begin]}\n{text}\n{page[end:]}")


if __name__ == "__main__":
    main()

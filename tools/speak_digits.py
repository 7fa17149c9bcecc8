"""Make the embedded spoken digits: many voices of Debian's speech synthesizers, in one OGG/Opus file with an index.

    apt-get install espeak-ng flite festival festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts
    python tools/speak_digits.py

Every voice says the ten digits at two speeds and pitches, and some words that are not digits. These include the words
most similar to digits, because a network has to distinguish them. Voices of other languages read the digits in a
phonetic spelling of their language, which gives accents.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

RATE = 8000
GAP = 800
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
OTHERS = [
    "yes",
    "no",
    "hello",
    "stop",
    "go",
    "left",
    "right",
    "up",
    "down",
    "on",
    "off",
    "house",
    "tree",
    "bird",
    "cat",
    "dog",
    "happy",
    "marvin",
    "sheila",
    "bed",
    "wow",
    "computer",
    "water",
    "music",
    "window",
    "table",
    "garden",
    "people",
    "money",
    "summer",
    "winter",
    "yellow",
    "green",
    "red",
    "blue",
    "orange",
    "letter",
    "number",
    "picture",
    "eleven",
    "twelve",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
    "hundred",
    "thousand",
    "minus",
    "plus",
    "equals",
    "point",
    "hero",
    "the",
    "too",
    "wonder",
    "freight",
    "for",
    "fire",
    "sick",
    "heaven",
    "ate",
    "line",
    "mine",
    "fine",
    "sun",
    "sun-day",
    "monday",
    "late",
    "hate",
    "night",
    "knife",
    "sieve",
    "sifting",
    "ten",
    "tea",
    "true",
    "through",
    "thread",
    "forth",
    "wife",
    "hive",
    "live",
    "fix",
    "mix",
    "kicks",
    "won't",
    "what",
    "when",
    "where",
    "who",
    "how",
    "please",
    "thank",
    "you",
    "good",
    "morning",
    "and",
    "a",
    "of",
    "is",
    "this",
    "that",
]
ALIKE = {"too": 2, "for": 4, "ate": 8}
"""Words that sound exactly like a digit count as that digit."""

ACCENTS = {
    "de": "siro wann tu sri foor faif sicks sewen eet nain",
    "fr": "zirau ouanne tou srie for faïve sixe sévenne éïte naïne",
    "it": "ziro uan tu tri for faiv sics seven eit nain",
    "es": "siro uan tu zri for faif sics seven eit nain",
    "nl": "ziro wan toe srie foor faiv siks seven eet nain",
    "pl": "ziro łan tu sri for fajw siks sewen ejt najn",
    "el": "ζίρο ουάν του θρι φορ φάιβ σιξ σέβεν έιτ νάιν",
    "ru": "зиро уан ту сри фор файв сикс сэвэн эйт найн",
}
ENGLISH = ["en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029", "en-us-nyc"]
VARIANTS = [
    "m1",
    "m2",
    "m3",
    "m4",
    "m5",
    "m6",
    "m7",
    "m8",
    "f1",
    "f2",
    "f3",
    "f4",
    "f5",
    "adam",
    "Alex",
    "Alicia",
    "Andrea",
    "Andy",
    "Annie",
    "antonio",
    "aunty",
    "belinda",
    "benjamin",
    "boris",
    "caleb",
    "david",
    "Denis",
    "Diogo",
    "ed",
    "edward",
    "Gene",
    "gustave",
    "Henrique",
    "Hugo",
    "iven",
    "iven3",
    "Jacky",
    "john",
    "kaukovalta",
    "Lee",
    "linda",
    "marcelo",
    "Marco",
    "Mario",
    "max",
    "Michael",
    "michel",
    "miguel",
    "Mike",
    "Nguyen",
    "pablo",
    "paul",
    "pedro",
    "quincy",
    "rob",
    "robert",
    "sandro",
    "shelby",
    "steph",
    "steph2",
    "travis",
    "victor",
    "zac",
    "anika",
    "grandma",
    "grandpa",
    "klatt",
    "klatt2",
    "klatt3",
    "klatt4",
    "Storm",
    "norbert",
]
FLITE = ("kal16", "awb", "rms", "slt")
FESTIVAL = ("kal_diphone", "ked_diphone", "cmu_us_slt_arctic_hts")


@dataclass(frozen=True)
class Utterance:
    """One word said by one voice: the spoken text, and its description in the index."""

    label: int
    word: str
    text: str
    voice: str
    speed: float
    pitch: float


def utterances(seed: int, per_voice: int, others: int) -> Iterator[Utterance]:
    """Return everything to be said, in a fixed order for a seed."""
    rng = random.Random(seed)
    voices = [f"espeak:{ENGLISH[i % len(ENGLISH)]}+{variant}" for i, variant in enumerate(VARIANTS)]
    voices += [f"espeak:{language}+{rng.choice(VARIANTS)}" for language in ACCENTS for _ in range(3)]
    voices += [f"flite:{name}" for name in FLITE] * 3 + [f"festival:{name}" for name in FESTIVAL] * 3
    for voice in voices:
        language = voice.split(":")[1].split("+")[0]
        spelt = ACCENTS[language].split() if voice.startswith("espeak") and language in ACCENTS else DIGITS
        for _ in range(per_voice):
            pitch = rng.uniform(0.15, 0.85)
            for label, word in enumerate(DIGITS):
                yield Utterance(label, word, spelt[label], voice, rng.uniform(0.8, 1.4), pitch)
        for word in rng.sample(OTHERS, others):
            yield Utterance(ALIKE.get(word, -1), word, word, voice, rng.uniform(0.85, 1.3), rng.uniform(0.2, 0.8))


def spoken(said: Utterance) -> np.ndarray:
    """Return the samples (n,) at RATE without surrounding silence, or an empty array if the voice says nothing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        _synthesize(said, path)
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return trimmed(soxr.resample(samples[:, 0], rate, RATE))


def _synthesize(said: Utterance, path: Path) -> None:
    kind, name = said.voice.split(":")
    if kind == "espeak":
        command = ["espeak-ng", "-v", name, "-s", f"{150 * said.speed:.0f}", "-p", f"{99 * said.pitch:.0f}"]
        subprocess.run([*command, "-w", str(path), said.text], check=True, stderr=subprocess.DEVNULL)
    elif kind == "flite":
        settings = {"duration_stretch": 1.15 / said.speed, "int_f0_target_mean": 80 + 110 * said.pitch}
        options = [part for key, value in settings.items() for part in ("--setf", f"{key}={value:.3f}")]
        subprocess.run(["flite", "-voice", name, *options, "-t", said.text, "-o", str(path)], check=True)
    else:
        script = (
            f"(begin (voice_{name}) (Parameter.set 'Duration_Stretch {1.1 / said.speed:.3f}) "
            f'(utt.save.wave (utt.synth (Utterance Text "{said.text}")) "{path}" \'riff))'
        )
        subprocess.run(["festival", "-b", script], check=True, stderr=subprocess.DEVNULL)


def trimmed(samples: np.ndarray) -> np.ndarray:
    """Return the samples from the first to the last above a fiftieth of the peak, scaled to a peak of 0.8."""
    loud = np.flatnonzero(np.abs(samples) > 0.02 * np.abs(samples).max(initial=1e-9))
    if len(loud) < RATE // 20:
        return np.zeros(0, np.float32)
    part = samples[max(0, loud[0] - 160) : loud[-1] + 240]
    return (0.8 * part / np.abs(part).max()).astype(np.float32)


def written(wanted: list[Utterance], made: list[np.ndarray], place: Path) -> str:
    """Write the recordings to ``place`` with .ogg and the index with .json, and print their size."""
    said = [(what, samples) for what, samples in zip(wanted, made, strict=True) if RATE * 0.1 < len(samples) < RATE * 2]
    gap, parts, begins, at = np.zeros(GAP, np.float32), [], [], GAP
    parts.append(gap)
    for _, samples in said:
        begins.append(at)
        parts += [samples, gap]
        at += len(samples) + GAP
    whole = np.concatenate(parts)
    soundfile.write(place.with_suffix(".ogg"), whole, RATE, format="OGG", subtype="OPUS", compression_level=0.985)
    names = sorted({what.voice for what, _ in said})
    index = {
        "rate": RATE,
        "voices": names,
        "begins": begins,
        "lengths": [len(samples) for _, samples in said],
        "labels": [what.label for what, _ in said],
        "speakers": [names.index(what.voice) for what, _ in said],
        "words": [what.word for what, _ in said],
    }
    place.with_suffix(".json").write_text(json.dumps(index, separators=(",", ":")) + "\n")
    return f"{len(said)} of {len(wanted)} recordings, {at / RATE:.0f} s, {len(names)} voices"


def main() -> None:
    """Speak, join with gaps, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    here = Path(__file__).resolve().parent.parent / "src/pellucid/data/embedded"
    parser.add_argument("--output", type=Path, default=here, help="folder for spoken.ogg and spoken.json")
    parser.add_argument("--per-voice", type=int, default=2, help="how often every voice says the ten digits")
    parser.add_argument("--others", type=int, default=6, help="number of other words that every voice says")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    wanted = list(utterances(options.seed, options.per_voice, options.others))
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(spoken, wanted))
    print(written(wanted, made, options.output / "spoken"))


if __name__ == "__main__":
    main()

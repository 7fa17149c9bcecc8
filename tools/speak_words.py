"""Make the embedded words that are not digits, with the voices of `speak_digits`, in one OGG/Opus file with an index.

    python tools/speak_words.py

A network for digits has to recognise other words as such. Half of the words differ from a digit in one or two sounds;
the others are arbitrary. The held-out voices of `pellucid.data.spoken` say words that no other voice says. Words
that sound exactly like a digit ("for", "ate", "won") are left out.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from speak_digits import Utterance, spoken, written

_ALIKE = """
tree free frees fee tea thee through threw throw thigh thief thick theme cheap see she key knee bee breathe
formal form fort force floor door more core fall full foot fur fair far phone foam foe fold fork forge
sick sixth sit sip sing sink silk kicks kiss picks tricks sex socks such sister stick silks fizz
net nice nigh nail name known noon none nun nap night-time knife-like sign dine line pine shine whine nylon
wine why wide wife while wait west wash watch woman wonder once ones want wand wound went win when run bun gun ton
hero hear-o narrow sparrow arrow row roll road zebra zip zoo zoom zone sea-row zest ear oh
age aid aim ape eighth a-ted hate gate mate wait late paint eat it at out art egg edge A
heaven leaven seventh severe sever several set said sell send having even oven given driven eleven-ish
fight file fine final find fifth hive dive drive live alive life fire fly pie buy
to-day tooth tool tomb shoe you few new do stew chew juice loop food move
"""
_ANY = """
apple river mountain kitchen doctor teacher number-plate bottle paper pencil flower morning evening yesterday tomorrow
question answer music language country village station airplane bicycle elephant tiger monkey rabbit chicken butter
coffee sugar pepper salad lemon banana cherry potato tomato carrot market hotel office factory engine machine battery
signal channel switch button pocket jacket trousers blanket mirror ceiling basement balcony corridor staircase
hello goodbye thanks sorry maybe never always often sometimes above below between behind beside around quickly slowly
big small long short warm cold dark bright loud quiet early late strong weak clean dirty empty
walk talk jump sleep dream think write read speak listen laugh cry open close start stop break build carry catch
black white grey brown purple pink silver gold wood stone glass metal cloud storm thunder rain snow ice
"""
ALIKE, ANY = _ALIKE.split(), _ANY.split()


def said_by(held_out: bool) -> tuple[list[str], list[str]]:
    """Return the words similar to digits and the other words: three quarters for training voices, or the rest."""
    return _part(ALIKE, held_out), _part(ANY, held_out)


def _part(words: list[str], held_out: bool) -> list[str]:
    chosen = words[3::4] if held_out else [word for first in range(3) for word in words[first::4]]
    return [word.replace("-", " ") for word in chosen]


def utterances(voices: list[str], held_out: list[str], per_voice: int, seed: int) -> Iterator[Utterance]:
    """Return everything to be said, in a fixed order for a seed."""
    rng = random.Random(seed)
    for voice in voices:
        alike, others = said_by(voice in held_out)
        for word in rng.sample(alike, per_voice * 2 // 3) + rng.sample(others, per_voice - per_voice * 2 // 3):
            yield Utterance(-1, word, word, voice, rng.uniform(0.85, 1.35), rng.uniform(0.15, 0.85))


def main() -> None:
    """Speak, join with gaps, write."""
    from pellucid.data.spoken import held_out

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    here = Path(__file__).resolve().parent.parent / "src/pellucid/data/embedded"
    parser.add_argument("--output", type=Path, default=here, help="folder of spoken.json and the output")
    parser.add_argument("--per-voice", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    voices = json.loads((here / "spoken.json").read_text())["voices"]
    wanted = list(utterances(voices, held_out(voices), options.per_voice, options.seed))
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(spoken, wanted))
    print(written(wanted, made, options.output / "words"))


if __name__ == "__main__":
    main()

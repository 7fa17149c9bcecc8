"""Lesson: sounds, syllables, words. Which sound carries a word is measured: mute it, and let the network hear again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pellucid.lessons.deeds import Ear, SoundsChanged
from pellucid.lessons.lesson import Lesson, last
from pellucid.lessons.records import Facts, Question
from pellucid.lessons.view import View
from pellucid.speech.alignment import Sound, Word, sentence_text
from pellucid.speech.lexicon import LEXICON

WORD, LONG, SHORT = 3, 7, 9
"""The digit whose sounds are muted; one with more sounds, and one with as few, for the questions afterwards."""

SAID = {WORD: (7, 3, 1), LONG: (3, 7, 1), SHORT: (3, 9, 1)}
"""What a voice says to say these digits."""

USUAL_VOICE = 4
"""The voice that Listen offers first."""

CLOSE = 0.015
"""How far the ends of the muted stretch may be from those of the sound, in seconds."""


def _sounds(word: Word) -> list[Sound]:
    return [sound for syllable in word.syllables for sound in syllable.sounds]


def _rest(digit: int, words: Sequence[Word], word: Word) -> float:
    """Return the confidence with which a digit is still heard where a word was; 0 where nothing like it is heard."""
    there = [each for each in words if each.guess == digit and each.start < word.end and each.end > word.start]
    return max((each.confidence for each in there), default=0.0)


@dataclass(frozen=True)
class Muted:
    """A word that a voice says, and what is heard with each of its sounds muted alone.

    Attributes
    ----------
    voice : str
    names : tuple of str
        Its sounds.
    heard : tuple of tuple of Word
        All that is heard, for each sound.
    rests : tuple of float
        The confidence in the word, for each sound.
    """

    voice: str
    names: tuple[str, ...]
    heard: tuple[tuple[Word, ...], ...]
    rests: tuple[float, ...]

    @property
    def lost(self) -> tuple[str, ...]:
        """The sounds without which nothing like the word is heard."""
        return tuple(name for name, rest in zip(self.names, self.rests, strict=True) if rest == 0)


def muted_alone(ear: Ear, voice: str, digits: Sequence[int], digit: int) -> Muted | None:
    """Mute each sound of a digit that a voice says among others; None where its sounds are not all heard for sure."""
    word = next((each for each in ear.hear(voice, digits) if each.digit == digit), None)
    if word is None or tuple(sound.text for sound in _sounds(word)) != LEXICON[digit].sounds:
        return None
    heard = tuple(ear.hear(voice, digits, (sound.start, sound.end)) for sound in _sounds(word))
    rests = tuple(_rest(digit, words, word) for words in heard)
    return Muted(voice, LEXICON[digit].sounds, heard, rests)


def _suitable(ear: Ear, digit: int, *, telling: bool = False) -> Muted | None:
    """Return a voice whose digit is heard for sure; a ``telling`` one hangs on some of its sounds, but not on all."""
    first = min(USUAL_VOICE, len(ear.voices) - 1)
    for voice in [*ear.voices[first:], *ear.voices[:first]]:
        found = muted_alone(ear, voice, SAID[digit], digit)
        if found is not None and (not telling or 0 < len(found.lost) < len(found.names)):
            return found
    return None


def spelling_ear(view: View) -> Ear | None:
    """Return the network that hears, if it spells words."""
    ear = view.ear()
    return ear if ear is not None and ear.spells else None


def _unsuited(view: View) -> str | None:
    ear = spelling_ear(view)
    if ear is None:
        return "It needs a network that hears the sounds of digits: start the studio with --model spoken-digits."
    if any(_suitable(ear, digit, telling=digit == WORD) is None for digit in SAID):
        return (
            "The network in Listen does not hear the digits of the embedded voices well enough: start the studio with "
            "--model spoken-digits."
        )
    return None


def _of(view: View, digit: int) -> tuple[Ear, Muted]:
    """Return the network that hears, and a digit, for a session that is not `_unsuited`."""
    ear = spelling_ear(view)
    found = None if ear is None else _suitable(ear, digit, telling=digit == WORD)
    if ear is None or found is None:
        raise TypeError("Expected a network that hears digits: check `unsuited` first.")
    return ear, found


def voice_words(voice: str) -> str:
    """Name a voice as the page does."""
    engine, _, name = voice.partition(":")
    return f"{name.replace('+', ' ')} ({engine})" if name else voice


def in_words(digits: Sequence[int]) -> str:
    """Write digits as they are said, one after the other."""
    return " ".join(map(str, digits))


def _ask(view: View) -> Question:
    ear, found = _of(view, WORD)
    alone = muted_alone(ear, found.voice, (WORD,), WORD)
    outcomes = [f"{name} “{sentence_text(words)}”" for name, words in zip(found.names, found.heard, strict=True)]
    setting = {"is_alone": float(alone is not None)}
    for at, rest in enumerate(found.rests):
        setting |= {f"between{at}": rest, f"alone{at}": 1.0 if alone is None else alone.rests[at]}
    return Question(
        "choice",
        f"A voice says {in_words(SAID[WORD])}. The network hears the {LEXICON[WORD].word} as the sounds "
        f"{' '.join(found.names)}. One of them is muted, the others stay. Which one carries the word most: without "
        "which is the least of it heard?",
        (*found.names, "none: the other two are enough in any case"),
        truth=(float(found.rests.index(min(found.rests))),),
        setting=setting,
        told=f"The voice {voice_words(found.voice)} with one sound muted: {', '.join(outcomes)}.",
    )


def _task(view: View, question: Question) -> str:
    _, found = _of(view, WORD)
    return (
        f"In Listen, let a voice say {''.join(map(str, SAID[WORD]))}; the question was about "
        f"{voice_words(found.voice)}. Select one sound of the {LEXICON[WORD].word} and mute it: the network hears the "
        f"recording again. Find a sound without which it hears no {WORD} there, not even as a guess in parentheses. "
        "Undo before the next sound: only one may be muted."
    )


def _look(view: View, question: Question, noted: Sequence[Facts]) -> Facts | None:
    for change in view.done(SoundsChanged):
        for word in change.words_before:
            if change.kind == "mute" and change.edits == 1 and word.digit == WORD:
                return _one_sound(change, word)
    return None


def _one_sound(change: SoundsChanged, word: Word) -> Facts | None:
    """Return what is heard without one sound of a word; None where more or less than that was muted."""
    for at, sound in enumerate(_sounds(word)):
        if abs(sound.start - change.begin) <= CLOSE and abs(sound.end - change.end) <= CLOSE:
            others = [each for each in change.words_before if each is not word and each.digit is not None]
            kept = [each for each in others if each.digit is not None and _rest(each.digit, change.words, each) > 0]
            return {
                "sound": float(at), "rest": _rest(WORD, change.words, word), "seconds": sound.end - sound.start,
                "others": float(len(others)), "kept": float(len(kept)),
            }  # fmt: skip
    return None


def _name(at: float) -> str:
    return LEXICON[WORD].sounds[int(at)]


def _passed(question: Question, noted: Sequence[Facts]) -> Facts | None:
    return next((facts for facts in noted if facts.get("rest") == 0.0 and "sound" in facts), None)


def _status(question: Question, noted: Sequence[Facts]) -> str:
    facts = last(noted, "sound")
    if facts is None:
        return f"No single sound of a {LEXICON[WORD].word} that was heard for sure has been muted yet."
    tried = len({each["sound"] for each in noted if "sound" in each})
    return (
        f"Without {_name(facts['sound'])} a {WORD} is still heard, at {100 * facts['rest']:.0f} %. Sounds tried: "
        f"{tried} of {len(LEXICON[WORD].sounds)}."
    )


def _lost(question: Question, where: str) -> str:
    """Name the sounds without which the word of the question is lost, among other digits or alone."""
    lost = [name for at, name in enumerate(LEXICON[WORD].sounds) if question.setting.get(f"{where}{at}") == 0]
    return f"without {' or '.join(lost)}" if lost else "without none of its sounds"


def _gap(question: Question, values: tuple[float, ...], found: Facts) -> str:
    said = "as you predicted" if values == question.truth else f"not “{question.options[int(values[0])]}”"
    between, alone = _lost(question, "between"), _lost(question, "alone")
    context = f"Said alone it is lost {alone}: its neighbours " + (
        "mended nothing." if between == alone else "make a difference."
    )
    return (
        f"The word hangs most on {_name(question.truth[0])}, {said}. You muted {1000 * found['seconds']:.0f} ms of "
        f"{_name(found['sound'])}: no {WORD} is heard there any more, and {found['kept']:.0f} of "
        f"{found['others']:.0f} other digits still are. The voice of the question loses its {LEXICON[WORD].word} "
        f"{between}, among other digits. "
        f"{context if question.setting['is_alone'] else 'Said alone, its word is not heard for sure.'}"
    )


def _transfer(view: View, number: int) -> Question:
    digit = LONG if number == 0 else SHORT
    _, found = _of(view, digit)
    rests = ", ".join(f"{name} {100 * rest:.0f} %" for name, rest in zip(found.names, found.rests, strict=True))
    word, count = LEXICON[digit].word, len(found.names)
    return Question(
        "number",
        f"{voice_words(found.voice)} says {in_words(SAID[digit])}. The {word} has the sounds {' '.join(found.names)}. "
        f"One after the other is muted alone. For how many of the {count} is nothing like a {digit} heard any more?",
        unit="sounds",
        high=float(count),
        truth=(float(len(found.lost)),),
        told=f"Confidence in the {word} without each sound: {rests}.",
    )


def _hints(view: View, question: Question) -> tuple[str, str, str]:
    return (
        "Under Words, every sound is a button that selects it. Mute and Undo stand below the sound wave.",
        "Which sound do the fewest other digits have, and which lasts longest?",
        f"With the voice of the question, mute {_name(question.truth[0])}.",
    )


LESSON = Lesson(
    name="sounds",
    number=14,
    title="Which sound carries the word?",
    line="Sounds, syllables, words, sentences",
    room="listen",
    minutes=5,
    about="A network that hears speech spells every word from its sounds.",
    unsuited=_unsuited,
    ask=_ask,
    task=_task,
    look=_look,
    passed=_passed,
    status=_status,
    gap=_gap,
    transfer=_transfer,
    hints=_hints,
    needs=("is_alone", "between0", "alone0"),
    place="Sound",
    counts=(SoundsChanged,),
)

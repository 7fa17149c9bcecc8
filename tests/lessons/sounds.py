"""The lesson on sounds: a solver, and what does not pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lessons.learner import Learner

VOICE = "espeak:en-gb-scotland+f3"


def say(learner: Learner, *digits: int, voice: str = VOICE) -> list[dict[str, Any]]:
    """Let a voice say digits; return the words that are heard."""
    return words_of(learner.ask("hearVoice", slot=0, voice=voice, digits=list(digits)))


def words_of(events: list[Any]) -> list[dict[str, Any]]:
    [heard] = [event for event in events if event.type == "heard"]
    return [word for utterance in heard.fields["utterances"] for word in utterance["words"]]


def mute(learner: Learner, begin: float, end: float) -> list[dict[str, Any]]:
    return words_of(learner.ask("editSounds", slot=0, kind="mute", begin=begin, end=end))


def heard(words: list[dict[str, Any]], word: dict[str, Any]) -> bool:
    return any(
        each["guess"] == word["guess"] and each["start"] < word["end"] and each["end"] > word["start"] for each in words
    )


def muting(learner: Learner, *, loses: bool) -> list[dict[str, Any]]:
    """The sounds of the three whose muting loses it, or does not."""
    word = say(learner, 7, 3, 1)[1]
    found = []
    for sound in word["sounds"]:
        if heard(mute(learner, sound["start"], sound["end"]), word) != loses:
            found.append(sound)
        learner.ask("undoSounds", slot=0)
    return found


def solve(learner: Learner) -> None:
    """Mute one sound after the other, and undo it, until the three is lost."""
    word = say(learner, 7, 3, 1)[1]
    assert word["digit"] == 3
    for sound in word["sounds"]:
        mute(learner, sound["start"], sound["end"])
        if learner.stage == "done":
            return
        learner.ask("undoSounds", slot=0)


def the_whole_word(learner: Learner) -> None:
    word = say(learner, 7, 3, 1)[1]
    assert not heard(mute(learner, word["start"], word["end"]), word)


def two_sounds(learner: Learner) -> None:
    word = say(learner, 7, 3, 1)[1]
    for sound in word["sounds"]:
        words = mute(learner, sound["start"], sound["end"])
    assert not heard(words, word)


def a_sound_and_its_neighbour_at_once(learner: Learner) -> None:
    word = say(learner, 7, 3, 1)[1]
    for one, other in zip(word["sounds"], word["sounds"][1:], strict=False):
        mute(learner, one["start"], other["end"])
        learner.ask("undoSounds", slot=0)


def sounds_that_do_not_carry_it(learner: Learner) -> None:
    learner.ask("restartLesson", lesson="sounds")
    harmless = muting(learner, loses=False)
    assert harmless
    learner.predict("sounds")
    for sound in harmless:
        mute(learner, sound["start"], sound["end"])
        learner.ask("undoSounds", slot=0)


def another_word(learner: Learner) -> None:
    words = say(learner, 7, 3, 1)
    for word in (words[0], words[2]):
        for sound in word["sounds"]:
            mute(learner, sound["start"], sound["end"])
            learner.ask("undoSounds", slot=0)


def a_higher_threshold(learner: Learner) -> None:
    """Judge so strictly that nothing counts for sure."""
    word = say(learner, 7, 3, 1)[1]
    learner.ask("setHearing", threshold=min(1.0, word["confidence"]))
    for sound in word["sounds"][:2]:
        mute(learner, sound["start"], sound["end"])
        learner.ask("undoSounds", slot=0)


def stretched_sounds(learner: Learner) -> None:
    word = say(learner, 7, 3, 1)[1]
    for sound in word["sounds"]:
        learner.ask("editSounds", slot=0, kind="stretch", begin=sound["start"], end=sound["end"], factor=0.25)
        learner.ask("undoSounds", slot=0)


NEAR_MISSES = (
    the_whole_word,
    two_sounds,
    a_sound_and_its_neighbour_at_once,
    sounds_that_do_not_carry_it,
    another_word,
    a_higher_threshold,
    stretched_sounds,
)

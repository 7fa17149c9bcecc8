"""`pellucid hear`: recognise digits in recordings or from a microphone, from single sounds up to the sentence."""

from __future__ import annotations

import json as json_format
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

import click

from pellucid.cli.complaint import complain
from pellucid.cli.page import Argument, CommandPage
from pellucid.errors import ConfigurationError, PellucidError

if TYPE_CHECKING:
    from pellucid.cli.terminal import Terminal
    from pellucid.network.network import Network
    from pellucid.speech.alignment import Hearing, Sentence


@click.command(cls=CommandPage)
@click.argument(
    "files",
    cls=Argument,
    metavar="FILE",
    nargs=-1,
    help="WAV, FLAC, OGG, MP3 or AIFF, at any sample rate, mono or stereo; M4A, AAC and WebM where PyAV or ffmpeg is "
    "installed; - is standard input.",
)
@click.option("--model", metavar="NAME|FILE", help="The network to use. Default: spoken-digits.")
@click.option(
    "--digits",
    type=int,
    metavar="COUNT",
    help="The number of digits spoken at a time, if known. Nothing but digits is then expected.",
)
@click.option(
    "--threshold",
    type=float,
    metavar="SHARE",
    help="The confidence, from 0 to 1, from which a word counts as a digit. Default: 0.75. With 0, every guess does.",
)
@click.option("--microphone", is_flag=True, help="Listen to the microphone until Ctrl-C and show results live.")
@click.option(
    "--json",
    is_flag=True,
    help="Print one JSON object per line for each file: file, text, and words, syllables and sounds, each a list "
    "with text, start, end (seconds) and confidence. With --microphone, one for each sentence.",
)
def hear(
    files: tuple[str, ...],
    model: str | None,
    digits: int | None,
    threshold: float | None,
    microphone: bool,
    json: bool,
) -> int:
    """Recognise spoken digits.

    In the text, a digit in parentheses is a guess that is not sure, and "?" is another word. The words are "zero" to
    "nine": "oh", "double", "twenty" and "hundred" are not known, and become "?" or a wrong guess. A file that is not a
    recording is an error; the other files are still processed.
    """
    from pellucid.cli.compiling import announced
    from pellucid.speech.alignment import SURE

    if microphone == bool(files):
        raise ConfigurationError("hear expected either recordings or --microphone, as in: pellucid hear three.wav")
    code, expected = 0, _Expected(digits, SURE if threshold is None else threshold)
    with announced():
        net = _network(model)
        if microphone:
            return _live(net, expected, json)
        for name in files:
            try:
                heard = _heard(net, name, expected, None if json else _shower())
            except PellucidError as error:
                code = complain(error)
            else:
                (_json_line if json else _summary)(heard)
    return code


def _network(model: str | None) -> Network:
    from pellucid.models import HEARER
    from pellucid.network.files import load
    from pellucid.speech.recognizer import Recognizer

    net = load(model or HEARER)
    Recognizer(net)
    return net


class _Expected(NamedTuple):
    """What the caller knows: the number of digits, and from which confidence a word counts as one."""

    digits: int | None
    threshold: float


def _heard(net: Network, name: str, expected: _Expected, show: Callable[[Sentence], None] | None) -> Hearing:
    """Recognise one file and show each sentence when it is complete."""
    from pellucid.speech.alignment import Hearing
    from pellucid.speech.audio import opened
    from pellucid.speech.hearing import listen, notes

    recording = opened(sys.stdin.buffer if name == "-" else name)
    found = []
    for sentence in listen(recording, net, **expected._asdict(), keep=show is not None):
        if not sentence.words:
            continue
        if show is not None:
            show(sentence)
        found.append(sentence.without_power())
    return Hearing(name, recording.seconds, tuple(found), notes(recording))


def _json_line(heard: Hearing) -> None:
    print(json_format.dumps(heard.plain()), flush=True)


def _summary(heard: Hearing) -> None:
    """Print the text of a whole file, and notes on its quality."""
    from pellucid.cli.terminal import Terminal
    from pellucid.cli.words import clean

    terminal = Terminal()
    unsure = [word for word in heard.words if word.guess is not None and not word.sure]
    terminal.say(f"{clean(heard.file)}: {heard}", "bold")
    if unsure:
        like = ", ".join(f"{word.text} at {word.start:.2f} s ({100 * word.confidence:.0f} %)" for word in unsure[:5])
        terminal.say(f"  not sure: {like}{', ...' if len(unsure) > 5 else ''}")
    for note in heard.notes:
        terminal.say(f"  {note}")


def _shower() -> Callable[[Sentence], None]:
    """Show pictures in a terminal, and plain lines elsewhere."""
    from pellucid.cli.terminal import Terminal

    terminal = Terminal()
    if terminal.is_terminal:
        return lambda sentence: _draw(terminal, sentence)
    return _lines


def _draw(terminal: Terminal, sentence: Sentence) -> None:
    from rich.text import Text

    from pellucid.cli.alignment import drawn

    terminal.show([*drawn(terminal, sentence), Text()])


def _lines(sentence: Sentence) -> None:
    from pellucid.speech.alignment import word_text

    for word in sentence.words:
        spelt = " ".join("-".join(sound.text for sound in syllable.sounds) for syllable in word.syllables)
        times, told = f"{word.start:7.2f} to {word.end:.2f} s", f"{word_text(word):<3}  {word.text:<5}"
        print(f"  {times}  {told}  {100 * word.confidence:3.0f} %  {spelt}".rstrip())


def _live(net: Network, expected: _Expected, as_json: bool) -> int:
    """Recognise speech from the microphone until Ctrl-C."""
    from pellucid.cli.terminal import Terminal
    from pellucid.speech.hearing import Listener
    from pellucid.speech.microphone import Microphone

    terminal = Terminal(sys.stderr if as_json else sys.stdout)
    with Microphone() as source:
        listener = Listener(net, rate=source.rate, **expected._asdict(), partial=True, keep=not as_json)
        terminal.say("Listening: say some digits. Press Ctrl-C to stop.")
        show = _live_json if as_json else _live_shower(terminal)
        try:
            for samples in source.blocks():
                show(listener.feed(samples))
        except KeyboardInterrupt:
            show(listener.finish())
    return 0


def _live_json(sentences: Iterable[Sentence]) -> None:
    for sentence in sentences:
        if sentence.words:
            words = [word.plain() for word in sentence.words]
            print(json_format.dumps(sentence.plain() | {"final": sentence.final, "words": words}), flush=True)


def _live_shower(terminal: Terminal) -> Callable[[Iterable[Sentence]], None]:
    """Show the current sentence on one line that is overwritten, and each finished sentence as a picture."""

    def show(sentences: Iterable[Sentence]) -> None:
        for sentence in sentences:
            if not sentence.words:
                continue
            if sentence.final:
                if terminal.animated:
                    terminal.file.write("\r\x1b[K")
                _draw(terminal, sentence) if terminal.is_terminal else _lines(sentence)
                terminal.say(sentence.text or "no digit recognised", "bold")
            elif terminal.animated:
                words = " ".join(word.text for word in sentence.words)
                terminal.file.write(f"\r\x1b[K{words[-terminal.width + 2 :]}")
            terminal.file.flush()

    return show

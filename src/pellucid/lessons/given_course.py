"""A course that a teacher gives: some lessons in an order, as a file, a code to paste or a link.

What is read here comes from other people: everything is limited, and refused with a reason.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from pellucid.errors import FileFormatError
from pellucid.system.regular_file import open_regular

MAX_TEXT = 1 << 16
"""Most characters of a course, in any form."""

WHOLE = "all"
"""The identity of the course of all lessons, which grows with every version."""

LessonName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
Title = Annotated[str, Meta(min_length=1, max_length=100)]
Note = Annotated[str, Meta(max_length=300)]
NetworkName = Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9-]{0,59})?$")]
LessonNames = Annotated[tuple[LessonName, ...], Meta(min_length=1, max_length=50)]

_CODE = re.compile(r"pc1-([A-Za-z0-9_-]{8,20000})")


class GivenCourse(Struct, frozen=True):
    """Some lessons in an order.

    Attributes
    ----------
    title : str
    lessons : tuple of str
        Names of lessons, each once; this version may not know all of them.
    note : str
        A sentence for the learners.
    network : str
        The shipped network that the course is made for; empty for any.
    """

    title: Title
    lessons: LessonNames
    note: Note = ""
    network: NetworkName = ""

    def __post_init__(self) -> None:
        """Refuse what the types cannot say."""
        if len(set(self.lessons)) != len(self.lessons):
            raise ValueError("a lesson is given more than once")
        if not (self.title.isprintable() and self.note.isprintable() and self.title.strip()):
            raise ValueError("title and sentence have to be one line of text each")

    @property
    def identity(self) -> str:
        """What tells it from other courses: its title, lessons and network. Its sentence may be corrected."""
        told = msgspec.json.encode([self.title, self.lessons, self.network])
        return hashlib.sha256(told).hexdigest()[:16]


class _File(Struct, frozen=True):
    """The head of a course's file; the fields of `GivenCourse` stand beside it."""

    pellucid: Literal["course"]
    version: Annotated[int, Meta(ge=1)]


_heads = msgspec.json.Decoder(_File)
_courses = msgspec.json.Decoder(GivenCourse)
_packed = msgspec.json.Decoder(tuple[Title, Note, NetworkName, LessonNames])


def made_course(title: str, lessons: Sequence[str], note: str = "", network: str = "") -> GivenCourse:
    """Return a course, checked like one that was read.

    Raises
    ------
    FileFormatError
        If a part of it is too long, or no text of one line.
    """
    given = {"title": title.strip(), "lessons": list(lessons), "note": note.strip(), "network": network}
    try:
        return msgspec.convert(given, GivenCourse)
    except msgspec.ValidationError as error:
        raise FileFormatError(
            f"Expected a course with a title of 1 to 100 characters, a sentence of at most 300, and 1 to 50 lessons, "
            f"each once: {error}."
        ) from None


def course_file(course: GivenCourse) -> str:
    """Return the text of a course's file.

    Examples
    --------
    >>> print(course_file(GivenCourse("Biases", ("bias",))))
    {
      "pellucid": "course",
      "version": 1,
      "title": "Biases",
      "lessons": [
        "bias"
      ],
      "note": "",
      "network": ""
    }
    <BLANKLINE>
    """
    whole = {"pellucid": "course", "version": 1, **msgspec.structs.asdict(course)}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"


def course_code(course: GivenCourse) -> str:
    """Return a course as a short text without spaces, for links and messages.

    Examples
    --------
    >>> read_course(course_code(GivenCourse("Biases", ("bias",)))).title
    'Biases'
    """
    told = msgspec.json.encode((course.title, course.note, course.network, course.lessons))
    return "pc1-" + base64.urlsafe_b64encode(zlib.compress(told, 9)).decode().rstrip("=")


def read_course(text: str) -> GivenCourse:
    """Read a course from its file's text, its code, or a link with its code.

    Raises
    ------
    FileFormatError
        If it is none.
    """
    if len(text) > MAX_TEXT:
        raise FileFormatError(
            f"Expected a course of at most {MAX_TEXT:,} characters, got {len(text):,}: this is something else."
        )
    text = text.strip().removeprefix("\ufeff")
    try:
        if text.startswith("{"):
            _heads.decode(text)
            return _courses.decode(text)
        # Mail programs break long lines.
        found = _CODE.search("".join(text.split()))
        if found is None:
            raise FileFormatError(
                "Expected a course: the text of its file, its code, which begins with pc1-, or a link with that code."
            )
        return _unpacked(found[1])
    except (msgspec.DecodeError, UnicodeDecodeError, UnicodeEncodeError, RecursionError) as error:
        raise FileFormatError(
            f"This is no course that this version can read ({error or 'nested too deep'}): ask for it again, or update "
            "Pellucid."
        ) from None


def _unpacked(code: str) -> GivenCourse:
    """Read what follows ``pc1-``."""
    try:
        content = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))
        reader = zlib.decompressobj()
        told = reader.decompress(content, MAX_TEXT)
        if not reader.eof:
            raise zlib.error("cut off, or too long")
    except (binascii.Error, zlib.error, ValueError):
        raise FileFormatError("This code of a course is damaged or cut off: copy all of it, from pc1- on.") from None
    title, note, network, lessons = _packed.decode(told)
    return made_course(title, lessons, note, network)


def course_of(given: str) -> GivenCourse:
    """Read a course from a file's path, or from its code.

    Raises
    ------
    FileFormatError
        If it is none, or the file cannot be read.
    """
    if _CODE.match(given.strip()):
        return read_course(given)
    try:
        with open_regular(Path(given)) as file:
            content = file.read(MAX_TEXT * 4 + 1)
        return read_course(content.decode("utf-8-sig"))
    except OSError as error:
        raise FileFormatError(
            f"Could not read the course {given!r} ({error.strerror or error}): give its file, such as course.json, or "
            "its code, which begins with pc1-."
        ) from None
    except (UnicodeDecodeError, ValueError) as error:
        if isinstance(error, FileFormatError):
            raise
        raise FileFormatError(f"Expected a course as text in {given!r}, got other bytes: give its file.") from None

"""Downloads: resumed after an interruption, checked before use, and moved into place only when complete.

The transfer is implemented here because common download libraries restart an interrupted download, and compare the hash
of the compressed bytes, which differs between mirrors although the content is the same.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.data.options import Progress
from pellucid.errors import DownloadError
from pellucid.system.atomic_write import put_in_place

if TYPE_CHECKING:
    from requests import Response

_CHUNK = 1 << 16
_TIMEOUT_SECONDS = 30
_ATTEMPTS = 4


@dataclass(frozen=True)
class Remote:
    """A file that several mirrors offer.

    Parameters
    ----------
    name : str
        Its name, on the mirrors and on this machine.
    mirrors : tuple of str
        Base addresses, each ending in a slash, in the order in which they are tried.
    most_bytes : int
        A transfer of more than this is aborted.
    check : callable
        Takes the downloaded file, and returns what is wrong with it, or None.
    """

    name: str
    mirrors: tuple[str, ...]
    most_bytes: int
    check: Callable[[Path], str | None]


def fetch(remote: Remote, folder: Path, progress: Progress | None = None) -> Path:
    """Return `remote` as a complete, checked file in `folder`, after downloading what is missing.

    A partial download is in ``name.part``: it is resumed by the next call, and deleted if it turns out to be wrong. The
    caller must hold a lock on the folder.

    Raises
    ------
    DownloadError
        If no mirror delivered the file; the message has the answer of each.
    """
    target, part = folder / remote.name, folder / f"{remote.name}.part"
    if target.is_file():
        return target
    problems: list[str] = []
    try:
        for mirror in remote.mirrors:
            problem = _obtain(mirror, remote, part, progress)
            if problem is None:
                put_in_place(part, target)
                return target
            problems.append(problem)
    except OSError as error:
        raise DownloadError(
            f"Could not write {part} ({error.strerror or error}): make room, or choose another folder."
        ) from error
    finally:
        _drop_if_empty(part)
    raise DownloadError(f"Could not download {remote.name}: {'; '.join(problems)}.")


def _drop_if_empty(part: Path) -> None:
    with suppress(OSError):
        if part.stat().st_size == 0:
            part.unlink()


def _obtain(mirror: str, remote: Remote, part: Path, progress: Progress | None) -> str | None:
    """Complete and check `part`; return what went wrong, or None."""
    problem: str | None = None
    for _ in range(_ATTEMPTS):
        before = _length(part)
        problem = _transfer(mirror + remote.name, remote, part, progress)
        if problem is None:
            problem = remote.check(part)
            if problem is None:
                return None
            part.unlink()
            # A resumed file may be wrong because the mirror changed it in between; one from a single transfer stays
            # wrong.
            if before == 0:
                return f"{mirror}{remote.name} {problem}"
        elif _length(part) == before:
            return problem
    return problem


def _length(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _transfer(url: str, remote: Remote, part: Path, progress: Progress | None) -> str | None:
    """Append the missing bytes of `url` to `part`; return what went wrong, or None once it is complete."""
    import requests
    from urllib3.exceptions import HTTPError

    have = _length(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT_SECONDS) as answer:
            # There are no bytes after those on this machine; the check decides whether they are right.
            if answer.status_code == 416 and have:
                return None
            if answer.status_code not in (200, 206):
                return f"{url} answered {answer.status_code} {answer.reason}"
            return _receive(answer, remote, part, _start(answer, have), progress)
    except (requests.RequestException, HTTPError) as error:
        return f"{url}: {_reason(error)}"


def _start(answer: Response, have: int) -> int:
    """Return the number of bytes on this machine that the answer continues: all of them, or 0."""
    continues = answer.status_code == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
    return have if continues else 0


def _receive(answer: Response, remote: Remote, part: Path, start: int, progress: Progress | None) -> str | None:
    """Write the body of an answer to `part`, from byte `start`."""
    if answer.status_code == 206 and start == 0:
        part.unlink(missing_ok=True)
        return f"{answer.url} answered with a range that was not requested"
    length = answer.headers.get("Content-Length", "")
    total = start + int(length) if length.isdecimal() else None
    done = start
    with part.open("ab" if start else "wb") as file:
        for chunk in answer.raw.stream(_CHUNK, decode_content=False):
            file.write(chunk)
            done += len(chunk)
            if done > remote.most_bytes:
                break
            if progress is not None:
                progress(remote.name, done, total)
        file.flush()
        os.fsync(file.fileno())
    if done > remote.most_bytes:
        part.unlink()
        return f"{answer.url} sent more than the {remote.most_bytes} bytes expected"
    if total is not None and done < total:
        return f"{answer.url} stopped after {done} of {total} bytes"
    return None


def _reason(error: Exception) -> str:
    """Return the innermost cause; the outer ones are about connection pools."""
    while (inner := error.__cause__ or error.__context__) is not None and isinstance(inner, Exception):
        error = inner
    return str(error) or type(error).__name__


def gunzipped_is(sha256: str, size: int) -> Callable[[Path], str | None]:
    """Return a check that the content of a gzip file has the given SHA-256 and `size`, however it was compressed."""

    def check(path: Path) -> str | None:
        digest, length = hashlib.sha256(), 0
        try:
            with gzip.open(path) as stream:
                while length <= size and (chunk := stream.read(1 << 20)):
                    digest.update(chunk)
                    length += len(chunk)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            return f"is not the gzip file expected ({error})"
        if length != size:
            return f"holds {'more' if length > size else f'{length} bytes, fewer'} than the {size} bytes expected"
        if digest.hexdigest() != sha256:
            return f"has content of SHA-256 {digest.hexdigest()}, expected {sha256}"
        return None

    return check

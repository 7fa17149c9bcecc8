"""Downloads from a server on this machine: complete, interrupted, resumed, wrong, refused, and concurrent."""

from __future__ import annotations

import gzip
import hashlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from loopback import Mirror, serving

from pellucid.data.download import Remote, fetch, gunzipped_is
from pellucid.errors import DownloadError

CONTENT = np.random.default_rng(0).bytes(400_000)
PACKED = gzip.compress(CONTENT, 1)
OTHER = gzip.compress(CONTENT[::-1], 1)
NAME = "file.gz"
RIGHT = gunzipped_is(hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")


def remote(*mirrors: Mirror | str, check: Callable[[Path], str | None] = RIGHT) -> Remote:
    addresses = tuple(mirror if isinstance(mirror, str) else mirror.address for mirror in mirrors)
    return Remote(NAME, addresses, most_bytes=len(PACKED) + 1000, check=check)


def only_file(folder: Path) -> bytes:
    assert [path.name for path in folder.iterdir() if path.name != ".lock"] == [NAME]
    return (folder / NAME).read_bytes()


def closed_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/"


@pytest.mark.parametrize("lengths", [True, False])
def test_whole(tmp_path: Path, lengths: bool) -> None:
    seen: list[tuple[str, int, int | None]] = []
    with serving({NAME: PACKED}, lengths=lengths) as mirror:
        path = fetch(remote(mirror), tmp_path, lambda *step: seen.append(step))
    assert path == tmp_path / NAME
    assert only_file(tmp_path) == PACKED
    assert seen[-1] == (NAME, len(PACKED), len(PACKED) if lengths else None)
    assert len(seen) > 2
    assert [step[1] for step in seen] == sorted({step[1] for step in seen})


def test_what_is_there_is_not_asked_for(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"here")
    assert fetch(remote(closed_port()), tmp_path).read_bytes() == b"here"


def test_broken_off_is_resumed_at_once(tmp_path: Path) -> None:
    with serving({NAME: PACKED}, break_after=[150_000, 100_000]) as mirror:
        fetch(remote(mirror), tmp_path)
    assert only_file(tmp_path) == PACKED
    assert mirror.asked == [(NAME, None), (NAME, "bytes=150000-"), (NAME, "bytes=250000-")]


def test_broken_off_for_good_is_resumed_by_the_next_call(tmp_path: Path) -> None:
    seen: list[int] = []
    with serving({NAME: PACKED}, break_after=[150_000, 0]) as mirror:
        with pytest.raises(DownloadError, match=r"file\.gz"):
            fetch(remote(mirror), tmp_path)
        assert (tmp_path / f"{NAME}.part").read_bytes() == PACKED[:150_000]
        assert not (tmp_path / NAME).exists()
        fetch(remote(mirror), tmp_path, lambda _, done, total: seen.append(done))
    assert only_file(tmp_path) == PACKED
    assert seen[0] > 150_000


def test_cancelled_by_its_progress_and_resumed(tmp_path: Path) -> None:
    def cancel(name: str, done: int, total: int | None) -> None:
        if done > 100_000:
            raise KeyboardInterrupt

    with serving({NAME: PACKED}) as mirror:
        with pytest.raises(KeyboardInterrupt):
            fetch(remote(mirror), tmp_path, cancel)
        kept = (tmp_path / f"{NAME}.part").stat().st_size
        assert 100_000 < kept < len(PACKED)
        fetch(remote(mirror), tmp_path)
    assert mirror.asked[-1] == (NAME, f"bytes={kept}-")
    assert only_file(tmp_path) == PACKED


def test_server_without_ranges_restarts_the_download(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(PACKED[:1000])
    with serving({NAME: PACKED}, ranges=False, break_after=[500]) as mirror:
        fetch(remote(mirror), tmp_path)
    assert only_file(tmp_path) == PACKED
    assert len(mirror.asked) == 2


def test_whole_part_needs_nothing_more(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(PACKED)
    with serving({NAME: PACKED}) as mirror:
        fetch(remote(mirror), tmp_path)
    assert only_file(tmp_path) == PACKED


@pytest.mark.parametrize("stale", [OTHER[:1000], b"x", PACKED + b"x", bytes(2000)])
def test_part_of_another_file_is_downloaded_again(tmp_path: Path, stale: bytes) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(stale)
    with serving({NAME: PACKED}) as mirror:
        fetch(remote(mirror), tmp_path)
    assert only_file(tmp_path) == PACKED


def test_answer_from_another_place_is_not_appended(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(PACKED[:1000])
    with serving({NAME: PACKED}, claims_offset=500) as mirror:
        fetch(remote(mirror), tmp_path)
    assert only_file(tmp_path) == PACKED


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (OTHER, "SHA-256 .*expected"),
        (PACKED[:-5], "not the gzip file expected"),
        (CONTENT[:1000], "not the gzip file expected"),
        (b"<html>Sign in to this network</html>", "not the gzip file expected"),
        (gzip.compress(CONTENT[:-1], 1), "fewer than the 400000 bytes"),
        (gzip.compress(bytes(50_000_000), 1), "holds more than the 400000 bytes"),
        (CONTENT * 3, "sent more than"),
        (b"", "holds 0 bytes, fewer"),
    ],
)
def test_wrong_content_leaves_nothing(tmp_path: Path, content: bytes, message: str) -> None:
    with serving({NAME: content}) as mirror, pytest.raises(DownloadError, match=message):
        fetch(remote(mirror), tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert len(mirror.asked) == 1


def test_endless_answer_is_broken_off(tmp_path: Path) -> None:
    with serving({NAME: bytes(20_000_000)}, lengths=False) as mirror, pytest.raises(DownloadError, match="sent more"):
        fetch(remote(mirror), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_a_refusal_is_reported_and_the_next_mirror_is_tried(tmp_path: Path, status: int) -> None:
    with serving({NAME: PACKED}, answers=[status]) as mirror, pytest.raises(DownloadError, match=f"answered {status}"):
        fetch(remote(mirror), tmp_path)
    assert list(tmp_path.iterdir()) == []
    with serving({NAME: OTHER}) as wrong, serving({NAME: PACKED}) as right, serving({}) as never:
        fetch(remote(closed_port(), wrong, right, never), tmp_path)
    assert only_file(tmp_path) == PACKED
    assert never.asked == []


def test_no_server_answers(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"[Rr]efused.*[Rr]efused"):
        fetch(remote(closed_port(), closed_port()), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with serving({NAME: PACKED}) as mirror, pytest.raises(DownloadError, match="Could not write"):
        fetch(remote(mirror), tmp_path / "absent")


def test_two_at_once_download_once(tmp_path: Path) -> None:
    errors: list[Exception] = []

    def work(mirror: Mirror) -> None:
        try:
            with FileLock(tmp_path / ".lock"):
                fetch(remote(mirror), tmp_path)
        except Exception as error:
            errors.append(error)

    with serving({NAME: PACKED}) as mirror:
        threads = [threading.Thread(target=work, args=(mirror,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []
    assert len(mirror.asked) == 1
    assert only_file(tmp_path) == PACKED

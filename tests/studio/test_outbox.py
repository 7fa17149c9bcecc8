"""The outbox: frames in order, the newest of a key, and those of one request together."""

from __future__ import annotations

import threading

from pellucid.studio.state.outbox import Outbox


class Reader:
    """A page that counts how often it is woken."""

    def __init__(self) -> None:
        self.woken = 0
        self.outbox, self.wake = Outbox(), self._count
        self.outbox.attach(self.wake)

    def _count(self) -> None:
        self.woken += 1

    def taken(self) -> list[bytes]:
        """All that waits."""
        found = []
        while (data := self.outbox.take(self.wake)) is not None:
            found.append(data)
        return found


def test_a_newer_frame_replaces_the_older_of_its_key() -> None:
    reader = Reader()
    for data, key in [(b"1", None), (b"2", "picture"), (b"3", None), (b"4", "picture")]:
        reader.outbox.put(data, key)
    assert reader.taken() == [b"1", b"3", b"4"]


def test_the_answers_to_a_request_wake_the_page_once() -> None:
    reader = Reader()
    with reader.outbox.gathering():
        reader.outbox.put(b"1")
        with reader.outbox.gathering():
            reader.outbox.put(b"2")
        assert reader.woken == 0
        other = threading.Thread(target=reader.outbox.put, args=(b"3",))
        other.start()
        other.join()
        assert reader.woken == 1  # what training sends is sent at once
        reader.outbox.put(b"4")
        assert reader.woken == 1
    assert reader.woken == 2
    assert reader.taken() == [b"1", b"2", b"3", b"4"]
    with reader.outbox.gathering():
        pass
    assert reader.woken == 2


def test_a_page_that_has_left_is_not_woken() -> None:
    reader = Reader()
    with reader.outbox.gathering():
        reader.outbox.put(b"1")
        assert reader.outbox.detach(reader.wake)
    assert reader.woken == 0
    assert reader.taken() == []

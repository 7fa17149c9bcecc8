"""The lock: one holder at a time, and requests before training."""

from __future__ import annotations

import threading

from pellucid.studio.state.priority_lock import PriorityLock
from studio.fake_page import wait_for


def test_a_request_goes_before_training_that_waits_longer() -> None:
    for _ in range(20):
        lock, order = PriorityLock(), []

        def train(lock: PriorityLock = lock, order: list[str] = order) -> None:
            with lock.low_priority():
                order.append("training")

        def ask(lock: PriorityLock = lock, order: list[str] = order) -> None:
            with lock.high_priority():
                order.append("request")

        threads = [threading.Thread(target=train), threading.Thread(target=ask)]
        with lock.low_priority():
            for thread in threads:
                thread.start()
            wait_for(lambda lock=lock: lock._urgent == 1)  # type: ignore[misc]
            assert order == []
        for thread in threads:
            thread.join()
        assert order == ["request", "training"]


def test_training_goes_on_while_a_request_computes_on_copies() -> None:
    lock, trained = PriorityLock(), threading.Event()

    def train() -> None:
        with lock.low_priority():
            trained.set()

    with lock.high_priority():
        thread = threading.Thread(target=train)
        thread.start()
        assert not trained.wait(0.05)
        with lock.released():
            assert trained.wait(10)
        thread.join()
        trained.clear()
        thread = threading.Thread(target=train)
        thread.start()
        assert not trained.wait(0.05)  # held again
    thread.join()


def test_an_error_inside_frees_the_lock() -> None:
    lock = PriorityLock()
    for way in (lock.high_priority, lock.low_priority):
        try:
            with way():
                raise KeyError("inside")
        except KeyError:
            pass
    with lock.high_priority():
        pass

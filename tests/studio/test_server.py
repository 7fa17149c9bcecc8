"""The real server: hostile and broken pages harm neither it nor other sessions."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
import websockets

from pellucid.studio.protocol.messages import MAX_REQUEST
from pellucid.studio.serving import sessions
from pellucid.studio.serving.app import studio_app
from pellucid.studio.serving.keys import Keys
from pellucid.studio.serving.request_guard import hosts_of
from pellucid.studio.serving.server import configuration, listen
from pellucid.studio.serving.sessions import Sessions
from studio import asgi_client
from studio.fake_clock import FakeClock
from studio.fake_page import EmbeddedCatalog, Event

TOKEN = "t" * 43
MOST = 110


class Studio:
    """A server in a thread."""

    def __init__(self) -> None:
        self.listener = listen("127.0.0.1", 0)
        self.port: int = self.listener.getsockname()[1]
        self.sessions = Sessions(EmbeddedCatalog(), "digits-relu", limit=MOST)
        self.sessions.check_model()
        app = studio_app(self.sessions, keys=Keys(TOKEN), hosts=hosts_of("127.0.0.1", self.port))
        self.server = uvicorn.Server(configuration(app))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listener]})
        self.thread.start()

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join(20)
        self.listener.close()
        assert not self.thread.is_alive()

    @asynccontextmanager
    async def page(self, session: str = "") -> AsyncIterator[Page]:
        """A page that has read its greeting."""
        url = f"ws://127.0.0.1:{self.port}/socket?session={session}"
        cookie = {"Cookie": f"pellucid_{self.port}={TOKEN}"}
        origin = websockets.Origin(f"http://127.0.0.1:{self.port}")
        async with websockets.connect(url, origin=origin, additional_headers=cookie, max_size=None) as link:
            page = Page(link)
            page.welcome = await page.until("welcome")
            if page.welcome.type == "welcome":
                await page.until("curves")
            yield page


class Page:
    """One connection."""

    def __init__(self, link: websockets.ClientConnection) -> None:
        self.link, self.number = link, 0
        self.welcome: Event

    async def next(self) -> Event:
        while True:
            data = await asyncio.wait_for(self.link.recv(), 20)
            assert isinstance(data, bytes)
            if (event := Event(data)).type != "done":
                return event

    async def until(self, *kinds: str) -> Event:
        while True:
            event = await self.next()
            if event.type in (*kinds, "failed", "gone"):
                return event

    async def overfill(self) -> None:
        await self.link.send(" " * (8 * MAX_REQUEST))
        await self.drain()

    async def drain(self) -> None:
        while True:
            await self.next()

    async def ask(self, kind: str, answer: str, **fields: Any) -> Event:
        self.number += 1
        await self.link.send(json.dumps({"type": kind, "id": self.number, **fields}))
        return await self.until(answer)

    async def lives(self) -> bool:
        return (await self.ask("askVotes", "votes", layer=0, neuron=1)).type == "votes"


@pytest.fixture(scope="module")
def studio():
    made = Studio()
    yield made
    made.close()


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(work(), 60)

    asgi_client.run(bounded())


def test_a_page_draws_and_reads(studio: Studio) -> None:
    async def work() -> None:
        async with studio.page() as page:
            reading = await page.ask("pen", "reading", stroke=0, points=[0.5, 0.2, 0.5, 0.8], width=0.08)
            assert reading.request == 1
            assert reading.order[0] == 1

    run(work)


def test_a_dropped_connection_comes_back_to_the_same_state(studio: Studio) -> None:
    async def work() -> None:
        async with studio.page() as page:
            assert page.welcome.resumed is False
            await page.ask("pen", "reading", stroke=0, points=[0.5, 0.2, 0.5, 0.8], width=0.08)
            await page.ask("turnKnobs", "judged", knobs=[7], values=[0.5], gesture=1)
            page.link.transport.abort()
        for _ in range(2):
            async with studio.page(page.welcome.session) as again:
                assert again.welcome.resumed is True
                assert again.welcome.session == page.welcome.session
                assert (await again.ask("undoStroke", "drawing")).canRedo is True
                assert (await again.ask("redoStroke", "drawing")).strokes[0]["width"] == 0.08
                assert (await again.ask("goToChange", "turned", position=9)).position == 1
        async with studio.page("gone-for-long") as other:
            assert other.welcome.resumed is False

    run(work)


def test_training_goes_on_while_the_page_is_away(studio: Studio) -> None:
    async def work() -> None:
        async with studio.page() as page:
            await page.ask("setPace", "training", batchesPerSecond=200)
            await page.ask("train", "training")
        async with studio.page(page.welcome.session) as again:
            received = await again.ask("pause", "training")
            assert received.step > 0
            assert received.state == "paused"

    run(work)


def test_the_newest_page_has_the_session(studio: Studio) -> None:
    async def work() -> None:
        async with studio.page() as first, studio.page(first.welcome.session) as second:
            received = await first.until("gone")
            assert (received.type, received.reason) == ("gone", "elsewhere")
            assert await second.lives()

    run(work)


HOSTILE = [
    ("", "malformed"),
    ("{", "malformed"),
    ("[" * 100_000, "malformed"),
    ('{"type": "nothing", "id": 1}', "malformed"),
    ('{"type": "welcome", "id": 1}', "malformed"),
    ('{"type": "askVotes", "id": 1, "layer": 1e400, "neuron": 0}', "malformed"),
    ('{"type": "askVotes", "id": 1, "layer": 0, "neuron": 0, "__proto__": {}}', "malformed"),
    ("\x00" * 1000, "malformed"),
    (b"\x00\xff", "malformed"),
    (" " * (MAX_REQUEST + 1), "too_large"),
    ('{"type": "checkNudge", "id": 1, "kind": "input"}', "out_of_order"),
    ('{"type": "takeStep", "id": 1, "of": "batch", "learningRate": 1}', "out_of_order"),
    ('{"type": "goToStep", "id": 1, "step": 1000000}', "bad_value"),
    ('{"type": "loadNetwork", "id": 1, "name": "/etc/passwd"}', "unavailable"),
]


def test_hostile_messages_get_one_typed_error_each(studio: Studio) -> None:
    async def work() -> None:
        async with studio.page() as page, studio.page() as other:
            for message, code in HOSTILE:
                await page.link.send(message)
                received = await page.next()
                assert (received.type, received.code) == ("failed", code), message[:80]
                assert await page.lives()
            assert await other.lives()

    run(work)


def test_a_message_past_all_bounds_ends_that_connection_alone(studio: Studio) -> None:
    async def work() -> None:
        async with studio.page() as page, studio.page() as other:
            with pytest.raises(websockets.ConnectionClosed):
                await page.overfill()
            assert await other.lives()
            async with studio.page(page.welcome.session) as again:
                assert again.welcome.resumed is True

    run(work)


def test_a_page_that_sends_only_invalid_messages_is_disconnected(studio: Studio) -> None:
    async def work() -> None:
        async with studio.page() as page:
            for _ in range(150):
                await page.link.send("?")
            with pytest.raises(websockets.ConnectionClosed):
                await page.drain()

    run(work)


def test_a_hundred_tabs_are_served_and_one_too_many_is_refused(studio: Studio) -> None:
    async def work() -> None:
        async with asyncio.TaskGroup() as tasks:
            leave, ready = asyncio.Event(), asyncio.Semaphore(0)

            async def tab(index: int) -> None:
                async with studio.page() as page:
                    ready.release()
                    await leave.wait()
                    reading = await page.ask("openExample", "reading", part="test", index=index)
                    assert reading.type == "reading"

            opened = [tasks.create_task(tab(index)) for index in range(MOST)]
            for _ in opened:
                await ready.acquire()
            assert len(studio.sessions) == MOST
            async with studio.page() as late:
                assert (late.welcome.type, late.welcome.code) == ("failed", "busy")
                assert (await late.next()).reason == "full"
            leave.set()
        async with studio.page() as page:
            assert await page.lives()

    run(work)


def test_idle_sessions_are_freed_and_others_stay() -> None:
    clock = FakeClock()
    made = Sessions(EmbeddedCatalog(), "digits-relu", idle_seconds=10.0, clock=clock)
    alone, _ = made.open(None)
    wake = lambda: None  # noqa: E731
    alone.outbox.attach(wake)
    clock.advance(11.0)
    made.free_idle()
    assert made.find(alone.identity) is alone
    alone.outbox.detach(wake)
    made.free_idle()
    assert len(made) == 0


def test_a_page_that_is_silent_for_hours_is_disconnected(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "SILENT_SECONDS", 0.0)

    async def work() -> None:
        async with studio.page() as page:
            await asyncio.sleep(0.02)
            await asyncio.to_thread(studio.sessions.free_idle)
            assert (await page.until("gone")).reason == "idle"
            assert studio.sessions.find(page.welcome.session) is None

    run(work)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_the_command_prints_a_link_and_ends_on_ctrl_c() -> None:
    command = [sys.executable, "-m", "pellucid", "studio", "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "http://127.0.0.1:" in line
        assert "token=" in line
        port = int(line.split("127.0.0.1:")[1].split("/")[0])
        with socket.create_connection(("127.0.0.1", port), 5):
            pass
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    assert "stopped" in output
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "no-such-network"], "no-such-network"),
        (["--port", "70000"], "65535"),
        (["--host", "203.0.113.7", "--port", "0"], "203.0.113.7"),
    ],
)
def test_the_command_refuses_what_it_cannot_do(arguments: list[str], words: str) -> None:
    command = [sys.executable, "-m", "pellucid", "studio", "--no-browser", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr

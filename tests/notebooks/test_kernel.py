"""In a real kernel, without a browser: what it sends to the notebook, and when."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

jupyter_client = pytest.importorskip("jupyter_client", reason="needs jupyter_client and ipykernel")
pytest.importorskip("ipykernel", reason="needs ipykernel")
pytest.importorskip("anywidget", reason="needs anywidget: pip install '.[notebook]'")

from pellucid.notebook.module import is_built  # noqa: E402

pytestmark = pytest.mark.skipif(not is_built(), reason="the widget is not built: make web")

Run = Callable[[str], list[dict[str, Any]]]

WIDGET = "application/vnd.jupyter.widget-view+json"
SETUP = """
import time, threading
import pellucid as pl
net = pl.Network([pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")], input_shape=(28, 28), seed=0)
trainer = pl.Trainer(net, pl.data.load("digits").train, batch_size=1)
"""
"""With mini-batches of one image, an epoch takes some tenths of a second."""


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Run a cell in a kernel; returns the messages that it published, in order, with those that followed."""
    manager, client = jupyter_client.manager.start_new_kernel(kernel_name="python3", startup_timeout=120)

    def run(code: str) -> list[dict[str, Any]]:
        begin = time.monotonic()
        asked = client.execute(code)
        found = []
        while True:
            message = client.get_iopub_msg(timeout=120)
            content, parent = message["content"], message["parent_header"].get("msg_id")
            assert message["msg_type"] != "error", "\n".join(content["traceback"])
            found.append({"type": message["msg_type"], "content": content, "seconds": time.monotonic() - begin})
            if parent == asked and content.get("execution_state") == "idle":
                return found

    run(SETUP)
    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def updates(messages: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The changes of one part of a widget's state, in order."""
    sent = [each["content"]["data"] for each in messages if each["type"] == "comm_msg"]
    return [each["state"][name] for each in sent if each.get("method") == "update" and name in each["state"]]


def shown(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each["content"]["data"] for each in messages if each["type"] == "display_data"]


def test_a_network_is_a_still_picture_and_a_widget(run: Run) -> None:
    still, widget = shown(run("net"))
    assert "12,730" in still["text/html"]
    assert WIDGET in widget
    assert "text/html" not in widget


def test_a_network_that_changes_is_shown_as_it_is_after_the_cell(run: Run) -> None:
    run("net")
    assert updates(run("1 + 1"), "description") == []
    messages = run("net.parameters += 0.5")
    assert len([each for each in messages if each["type"] == "comm_msg"]) == 1


def test_curves_grow_while_the_cell_runs(run: Run) -> None:
    run("trainer")
    messages = run("for event in trainer.run(epochs=8): time.sleep(0.15)")
    progress = updates(messages, "progress")
    assert len(progress) >= 4
    assert [each["running"] for each in progress[-2:]] == [True, False]
    times = [each["seconds"] for each in messages if each["type"] == "comm_msg"]
    assert times[0] < 0.5 * times[-1]
    final = [each["content"]["data"]["text/html"] for each in messages if each["type"] == "update_display_data"]
    assert len(final) == 1
    assert "Epoch 8:" in final[0]


def test_curves_grow_while_a_thread_trains(run: Run) -> None:
    run("trainer")
    run("def work():\n    for event in trainer.run(epochs=4): time.sleep(0.15)")
    run("thread = threading.Thread(target=work); thread.start()")
    messages = run("thread.join()")
    progress = updates(messages, "progress")
    assert progress[-1]["running"] is False
    assert len(progress) >= 2


def test_a_closed_widget_is_silent(run: Run) -> None:
    run("shown = pl.widget(trainer); shown")
    run("other = pl.Trainer(net, pl.data.load('digits').train.take(320)); watched = pl.widget(other)")
    run("watched.close()")
    messages = run("for event in other.run(epochs=2): pass")
    assert updates(messages, "progress") == []

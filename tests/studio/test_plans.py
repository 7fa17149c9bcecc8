"""Plans from a network's record, valid or not."""

from __future__ import annotations

from typing import Any

import pytest

import pellucid as pl
from hostile import EXTREMES
from pellucid.data.preparation import Preparation
from pellucid.studio.state.edited_network import EditedNetwork
from pellucid.studio.state.first_plan import first_plan
from pellucid.studio.state.plans import plan_of


def plan(record: dict[str, Any]) -> Any:
    net = pl.Network([pl.Dense(4, "relu"), pl.Dense(10, "softmax")], input_shape=(28, 28))
    net.record = record
    usual = first_plan("digits", (28, 28), 10, Preparation())
    return plan_of(EditedNetwork(net, "net", "cross_entropy", 0), "digits", usual)


def test_what_the_record_says_is_planned() -> None:
    made = plan({"batch_size": 64, "optimizer": {"kind": "adam"}})
    assert (made.batch_size, made.optimizer.kind) == (64, "adam")


@pytest.mark.parametrize("value", EXTREMES, ids=lambda value: str(value)[:20])
def test_invalid_values_are_ignored(value: Any) -> None:
    for record in ({"batch_size": value}, {"optimizer": value}, {"optimizer": {"kind": value}}):
        made = plan(record)
        assert made.optimizer.kind == "sgd"
        assert type(made.batch_size) is int
        assert 1 <= made.batch_size <= 8192

"""Knobs: names and indices, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pellucid as pl
from pellucid.errors import ConfigurationError

NET = pl.load("digits-relu")


@given(st.integers(0, 13001))
def test_a_knobs_name_finds_it_and_is_python(index: int) -> None:
    net = NET
    knobs = pl.inspect.Knobs(net)
    knob = knobs[index]
    assert knobs.find(str(knob)).tolist() == [index]
    assert knobs.find(f"#{index}").tolist() == [index]
    assert eval(f"net.{knob}", {"net": net}) == net.parameters[index]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 13002), ("bias", 42), ("weights", 12960), ("1", 272), ("layer 2", 170), ("layers[1].bias", 16),
        ("weight 3, 120", 1), ("w 0 5", 3), ("2 bias 9", 1), ("layers[0].weight[16, 0]", 0), ("#13002", 0),
        ("0 1 2 3", 0), ("bias 0 0", 0), ("999999999999", 0),
    ],
)  # fmt: skip
def test_knobs_are_found_by_parts_of_their_names(query: str, count: int) -> None:
    found = pl.inspect.Knobs(NET).find(query)
    assert len(found) == len(set(found.tolist())) == count


@given(st.text(max_size=60))
def test_any_query_is_answered_or_refused(query: str) -> None:
    try:
        found = pl.inspect.Knobs(NET).find(query)
    except ConfigurationError:
        return
    assert all(0 <= index < 13002 for index in found[:5])

"""Streams by name: the same name the same numbers, another name others."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ablation import streams

INTEGER, NUMBERS = 592646315, [97, 787, 108]
names = st.lists(st.text() | st.integers(-(2**70), 2**70), max_size=4).map(tuple)


def drawn(name: tuple[str | int, ...]) -> list[float]:
    return list(streams.generator(*name).random(4))


@given(names, names)
def test_names_that_differ_name_streams_that_differ(
    one: tuple[str | int, ...], other: tuple[str | int, ...]
) -> None:
    assert (drawn(one) == drawn(other)) == (one == other)


def test_names_that_numpy_s_seeding_takes_for_one_are_two() -> None:
    assert np.array_equal(
        np.random.SeedSequence([1, 0]).generate_state(4),
        np.random.SeedSequence([1, 0, 0]).generate_state(4),
    )
    assert drawn((1, 0)) != drawn((1, 0, 0))
    assert drawn(("1", 0)) != drawn((1, 0))
    assert drawn(("ab", "c")) != drawn(("a", "bc"))


def test_a_stream_is_what_it_was() -> None:
    """Known numbers: another way to name streams would change every result of the study."""
    assert streams.integer("dropout", 0, "dropout_dense_1") == INTEGER
    assert streams.generator("weights", 0, "conv_1").integers(0, 1000, 3).tolist() == NUMBERS

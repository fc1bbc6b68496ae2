"""How long runs take, by arithmetic that can be done by hand."""

from __future__ import annotations

import pytest

from runner.estimate import FIXED, PASSES, RATE, hours_on_processor, seconds_left, seconds_of


def test_the_processor_s_hours_are_work_by_rate_and_a_fixed_time() -> None:
    hour = (3600 - FIXED) * RATE / PASSES
    assert hours_on_processor([hour], 1) == pytest.approx(1)
    assert hours_on_processor([hour] * 4, 2) == pytest.approx(2)
    assert hours_on_processor([hour], 8) == pytest.approx(1)  # a run has one thread


def test_runs_take_a_fixed_time_and_one_for_their_work() -> None:
    works = {"a": 1.0, "b": 3.0, "c": 10.0}
    assert seconds_of(works, {"a": 22.0, "b": 26.0}) == pytest.approx({"a": 22, "b": 26, "c": 40})


@pytest.mark.parametrize("done", [{"a": 60.0, "b": 60.0}, {"a": 90.0, "c": 50.0}])
def test_runs_that_tell_no_slope_take_the_known_fixed_time_and_the_rest_by_their_work(
    done: dict[str, float],
) -> None:
    works = {"a": 1.0, "b": 1.0, "c": 4.0}
    each = seconds_of(works, done)
    assert each["c"] - FIXED == pytest.approx(4 * (each["a"] - FIXED))
    assert sum(each[name] for name in done) == pytest.approx(sum(done.values()))


def test_short_runs_after_a_long_one_are_not_taken_for_nothing() -> None:
    """As at smoke scale, where the start of a run is most of it."""
    works = {"long": 1000.0, "a": 1.0, "b": 1.0, "c": 1.0}
    each = seconds_of(works, {"long": 30.0, "a": 32.0})
    assert each["b"] > FIXED


def test_nothing_is_said_before_two_runs_are_done_or_half_an_hour_has_passed() -> None:
    works = {"a": 1.0, "b": 1.0, "c": 2.0}
    assert seconds_left(works, {"a": 10.0}, {"b": 0.9}, 100, 2) is None
    assert seconds_left(works, {}, {}, 3600, 2) is None  # nothing is known of any
    # Half of the work took 2,000 s.
    assert seconds_left(works, {"a": 10.0}, {"c": 0.5}, 2000, 2) == pytest.approx(2000)


def test_what_is_left_is_shared_among_the_places_but_for_the_longest_run() -> None:
    works = {"a": 1.0, "b": 2.0, "c": 3.0, "d": 9.0}
    done = {"a": 10.0, "b": 20.0}
    assert seconds_left(works, done, {"c": 0.5}, 30, 1) == pytest.approx(15 + 90)
    assert seconds_left(works, done, {"c": 0.5}, 30, 2) == pytest.approx(90)  # of d alone
    assert seconds_left(works, done | {"c": 30.0, "d": 90.0}, {}, 150, 2) == 0

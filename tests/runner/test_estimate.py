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


@pytest.mark.parametrize("done", [{"a": 10.0, "b": 10.0}, {"a": 20.0, "c": 10.0}])
def test_runs_that_tell_no_slope_are_taken_in_proportion_to_their_work(
    done: dict[str, float],
) -> None:
    works = {"a": 1.0, "b": 1.0, "c": 4.0}
    each = seconds_of(works, done)
    assert each["c"] == pytest.approx(4 * each["a"])
    assert sum(each[name] for name in done) == pytest.approx(sum(done.values()))


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

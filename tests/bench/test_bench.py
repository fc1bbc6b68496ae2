"""What `make bench` computes and writes; how fast anything is, is no test's business."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ablation.base.files import read_json, write_yaml
from bench import __main__ as bench
from bench import checkouts, machine
from bench.processes import child, in_turns
from bench.results import Row, exponent, merge, number, of, ratios, significant, table
from bench.startup import Timeline

ROOT = Path(__file__).resolve().parents[2]


def test_a_measurement_starts_without_this_process_s_backend(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert child("tests.bench.surroundings") is None


# --- ratios and exponents ---------------------------------------------------------------------


def test_each_ratio_is_of_neighbours_so_a_drifting_machine_changes_none() -> None:
    slower_and_slower = [100.0, 50.0, 25.0]
    twice = [2 * speed for speed in slower_and_slower]
    assert ratios(twice, slower_and_slower) == [2.0, 2.0, 2.0]


@pytest.mark.parametrize(("ones", "others"), [([1.0], [1.0, 2.0]), ([], [])])
def test_ratios_need_as_many_of_each(ones: list[float], others: list[float]) -> None:
    with pytest.raises(ValueError, match="expected as many of each"):
        ratios(ones, others)


def test_a_row_is_the_median_of_its_repetitions() -> None:
    row = of("speed", [5.0, 1.0, 100.0], "images/s")
    assert (row.value, row.samples) == (5.0, (5.0, 1.0, 100.0))


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_the_exponent_of_a_power_is_that_power(power: float) -> None:
    sizes = [1, 2, 4, 8]
    assert exponent(sizes, [3 * size**power for size in sizes]) == pytest.approx(power, abs=1e-12)


def test_the_exponent_by_hand_where_the_points_are_on_no_line() -> None:
    # log2: x = 0, 1, 2 and y = 0, 0, 3, so the slope is (-1 * -1 + 1 * 2) / 2
    assert exponent([1, 2, 4], [1, 1, 8]) == pytest.approx(1.5)


def test_a_fixed_cost_makes_growth_less_than_linear() -> None:
    assert 0 < exponent([1, 2, 4, 8], [10 + n for n in (1, 2, 4, 8)]) < 0.5


@pytest.mark.parametrize(
    ("sizes", "costs"), [([1], [1]), ([2, 2], [1, 3]), ([1, 2], [0, 1]), ([0, 2], [1, 1])]
)
def test_an_exponent_needs_two_sizes_and_positive_numbers(
    sizes: list[float], costs: list[float]
) -> None:
    with pytest.raises(ValueError, match="positive"):
        exponent(sizes, costs)


# --- targets and the table ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "met"),
    [
        ({}, None),
        ({"at_least": 2.0}, True),
        ({"at_least": 2.01}, False),
        ({"at_most": 2.0}, True),
        ({"at_most": 1.99}, False),
    ],
)
def test_a_target_is_met_up_to_equality(target: dict[str, float], met: bool | None) -> None:
    row = Row("ratio", 2.0, "", **target)
    assert row.met is met
    assert row.content().get("met") is met


def test_json_holds_what_a_row_has_and_no_more() -> None:
    assert Row("a", 1.23456, "s").content() == {"name": "a", "value": 1.235, "unit": "s"}
    assert of("a", [1.0, 3.0], "s", at_most=3.0).content() == {
        "name": "a", "value": 2.0, "unit": "s", "at_most": 3.0, "samples": [1.0, 3.0], "met": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"), [(0.5, "0.50"), (99.994, "99.99"), (100.4, "100"), (12345.6, "12,346")]
)
def test_numbers_as_a_person_reads_them(value: float, text: str) -> None:
    assert number(value) == text


def test_measurements_have_four_digits() -> None:
    assert [significant(v) for v in (1234.56, 0.000123456)] == [1235.0, 0.0001235]


def test_the_table_says_value_target_and_whether_it_is_met() -> None:
    speed = [
        Row("loop / fit", 1.01, "", at_least=0.97).content(),
        of("loop", [1234.5], "images/s").content(),
    ]
    memory = [Row("peak", 5.0, "GB", at_most=4).content()]
    lines = table({"speed": speed, "memory": memory}).splitlines()
    assert [line.split() for line in lines] == [
        ["measured", "target", "met"],
        ["speed:"],
        ["loop", "/", "fit", "1.01", "at", "least", "0.97", "yes"],
        ["loop", "1,234", "images/s"],
        ["memory:"],
        ["peak", "5.00", "GB", "at", "most", "4.00", "NO"],
    ]
    assert len({line.index("at ") for line in lines if "at " in line}) == 1


# --- the report ---------------------------------------------------------------------------------


def test_parts_are_replaced_and_the_others_kept() -> None:
    here = {"cores": 2}
    before = {"machine": here, "parts": {"a": {"rows": [1]}, "b": {"rows": [2]}}}
    after = merge(before, here, {"b": {"rows": [3]}})
    assert after == {"machine": here, "parts": {"a": {"rows": [1]}, "b": {"rows": [3]}}}
    assert before["parts"]["b"] == {"rows": [2]}


def test_another_machines_values_are_not_kept_beside_these() -> None:
    before = {"machine": {"cores": 2}, "parts": {"a": {"rows": []}}}
    assert merge(before, {"cores": 4}, {"b": {"rows": []}})["parts"] == {"b": {"rows": []}}
    assert merge(None, {"cores": 4}, {})["parts"] == {}


def test_a_run_of_one_part_writes_it_and_shows_all(tmp_path: Path) -> None:
    path = tmp_path / "reports/bench.json"
    bench.record(path, {"study": lambda: [Row("whole study", 1.6, "", at_least=1.5)]})
    shown = bench.record(path, {"memory": lambda: [Row("peak", 5.0, "GB", at_most=4)]})
    assert "whole study" in shown
    assert "peak" in shown
    report = read_json(path)
    assert report["machine"] == machine.describe()
    assert list(report["parts"]) == ["study", "memory"]
    assert report["parts"]["memory"]["rows"][0]["met"] is False
    assert set(report["parts"]["memory"]["load_average"]) == {"start", "end"}


def test_what_was_measured_before_a_part_fails_is_kept(tmp_path: Path) -> None:
    def broken() -> list[Row]:
        raise RuntimeError("no network")

    with pytest.raises(RuntimeError, match="no network"):
        bench.record(tmp_path / "bench.json", {"a": lambda: [Row("x", 1, "s")], "b": broken})
    assert list(read_json(tmp_path / "bench.json")["parts"]) == ["a"]


def test_an_unknown_part_is_refused_with_those_there_are() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--part", "speed"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert all(name in done.stderr for name in bench.PARTS)


# --- the machine --------------------------------------------------------------------------------


def texts(content: Any) -> list[str]:
    if isinstance(content, dict):
        return [text for value in content.values() for text in texts(value)]
    return [content] if isinstance(content, str) else []


def test_the_machine_is_described_without_its_name_or_a_path() -> None:
    described = machine.describe()
    json.dumps(described)
    assert described["cores"] >= 1
    assert set(described["libraries"]) == set(machine.LIBRARIES)
    for text in texts(described):
        assert platform.node() not in text.split()
        assert os.sep not in text


CPUINFO = """processor\t: 0
model name\t: Example CPU 9000
flags\t\t: fpu sse2 avx2 avx512f

processor\t: 1
model name\t: Example CPU 9000
"""


def test_the_processor_with_its_vector_instructions() -> None:
    assert machine.processor(CPUINFO) == "Example CPU 9000 (avx2, avx512f)"
    assert machine.processor("model name : Plain\n") == "Plain"
    assert machine.processor("") in (platform.processor(), platform.machine())


def test_the_memory_in_gib() -> None:
    assert machine.memory_gib("MemTotal:       25165824 kB\nMemFree: 1 kB\n") == 24.0
    assert machine.memory_gib("") is None


# --- how it is measured -------------------------------------------------------------------------


def test_measurements_take_turns() -> None:
    order: list[str] = []

    def side(name: str) -> float:
        order.append(name)
        return float(len(order))

    taken = in_turns({"a": lambda: side("a"), "b": lambda: side("b")}, 2)
    assert order == ["a", "b", "a", "b"]
    assert taken == {"a": [1.0, 3.0], "b": [2.0, 4.0]}


def test_a_failed_child_says_what_it_said() -> None:
    with pytest.raises(RuntimeError, match=r"No module named bench\.nothing"):
        child("bench.nothing")


def test_the_parts_of_a_timeline_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([12.0, 13.0, 17.0, 19.0])
    monkeypatch.setattr("bench.startup.time.time", lambda: next(times))
    timeline = Timeline(10.0)
    timeline.mark("imports")  # 10 to 12
    with timeline.outside():  # 13 to 17
        pass
    timeline.mark("network")  # 12 to 19, less the 4 outside
    assert timeline.parts == {"imports": 2.0, "network": 3.0}


def test_files_are_stubbed_where_the_graph_has_them(tmp_path: Path) -> None:
    """A file for a path with a suffix, a folder for one without, and DVC is content with both."""
    (tmp_path / "made").mkdir()
    checkout = checkouts.one_stage(tmp_path / "made" / "one")
    stage = {"cmd": "false", "deps": ["got/in.txt"], "outs": ["out.txt", "folder"]}
    write_yaml(checkout.path / "dvc.yaml", {"stages": {"one": stage}})
    checkouts.stub(checkout)
    assert (checkout.path / "out.txt").is_file()
    assert (checkout.path / "folder").is_dir()
    assert checkout.seconds_of_nothing() > 0  # `false`, the stage's command, did not run


def test_a_graph_with_something_to_do_is_refused(tmp_path: Path) -> None:
    checkout = checkouts.one_stage(tmp_path / "one")
    (checkout.path / "in.txt").write_text("changed\n")
    with pytest.raises(RuntimeError, match="was to do nothing"):
        checkout.seconds_of_nothing()

"""The sections of the page as data: what each says, from numbers worked out by hand."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ablation.composition.config import DataConfig
from ablation.reporting.page import pictures, provenance
from ablation.reporting.page.answer import caveats
from ablation.reporting.page.checked import data_check
from ablation.reporting.page.differences import Differences, differences
from ablation.reporting.page.marks import difference_mark, level_mark
from ablation.reporting.page.metrics_table import COLUMNS, rows, shown, with_pace
from ablation.statistics.comparison import compare
from ablation.study.config import FailedArm, StudyConfig
from tests.statistics.study_of_claims import ARMS, config, difference_claim, facts, runs

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
METRICS: dict[str, dict[str, float | None]] = {
    "baseline": {
        "train_accuracy": 0.9, "validation_accuracy": 0.85, "test_accuracy": 0.84,
        "test_macro_f1": 0.8123, "generalization_gap": 0.05, "epochs_to_95": 9.0,
        "stability": 0.0061, "images_per_second": 1030.4, "parameters": 600010.0,
    },
    "adam": {
        "train_accuracy": 0.95, "validation_accuracy": 0.83, "test_accuracy": 0.851,
        "generalization_gap": 0.12, "epochs_to_95": 6.5, "stability": None,
    },
    "simple": {"validation_accuracy": 0.27, "test_accuracy": math.nan},
    "simple_mnist": {"validation_accuracy": 0.99, "test_accuracy": 0.98},
}  # fmt: skip


def study(**changes: Any) -> StudyConfig:
    """What the page reads of a study, and no more."""
    content = {
        "scale": "laptop", "seeds": [0], "costly_seeds": [0], "baseline": "baseline",
        "costly_arms": [],
        "arms": {"simple_mnist": "simple CNN, original MNIST", "simple": "simple CNN",
                 "baseline": "baseline <SGD & dropout>", "adam": "Adam"},
        "data_sets": {"simple_mnist": "mnist", "simple": "modified", "baseline": "modified",
                      "adam": "modified"},
    }  # fmt: skip
    return StudyConfig.model_construct(**(content | changes))


def data(**changes: Any) -> DataConfig:
    """What the page reads of the data, and no more."""
    content = {
        "source": "composed", "canvas": 72, "tile": 28, "images": 25000, "test_images": 5000,
        "mnist_images": 20000, "mnist_test_images": 10000, "validation_fraction": 0.2,
    }  # fmt: skip
    return DataConfig.model_construct(**(content | changes))


# --- marks and pictures -----------------------------------------------------------------------


def test_a_mark_has_0_in_the_middle_and_says_where_it_leaves_the_axis() -> None:
    mark = difference_mark(0.01, -0.01, 0.03, "points")
    assert (mark.at, mark.low, mark.value, mark.high, mark.beyond) == (50, 40, 60, 80, ())
    far = difference_mark(0.4, 0.3, 0.5, "points")
    assert (far.low, far.value, far.high, far.beyond) == (97, None, 97, ("right",))
    assert difference_mark(-3.0, None, None, "epochs").beyond == ("left",)
    # A dot further out than the axis, and an interval that comes back over 0.
    wide = difference_mark(0.06, -0.16, 0.28, "points")
    assert (wide.low, wide.value, wide.high, wide.beyond) == (3, None, 97, ("left", "right"))
    wide = difference_mark(0.06, -0.01, 0.13, "points")
    assert (wide.low, wide.value, wide.high, wide.beyond) == (40, None, 97, ("right",))
    seen = difference_mark(-30_000, -40_000, -20_000, "images")  # an axis of its own
    assert (seen.low, seen.beyond) == (3, ())
    assert level_mark(0.5, None, None, 0.95).at == 95


def test_pictures_are_inside_the_page_and_greys_have_one_channel(tmp_path: Path) -> None:
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    colours = np.stack([grey, grey[::-1], grey], axis=2)
    for pixels, mode in ((np.stack([grey] * 3, axis=2), "L"), (colours, "RGB")):
        Image.fromarray(pixels).save(tmp_path / "a.png")
        head, _, content = pictures.embedded_png(tmp_path / "a.png").partition(",")
        assert head == "data:image/png;base64"
        with Image.open(io.BytesIO(base64.b64decode(content))) as image:
            assert image.mode == mode
            np.testing.assert_array_equal(np.asarray(image.convert("RGB")), pixels)


def test_an_svg_keeps_its_title_and_says_what_it_shows(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text("<?xml?><svg><title>T</title><g/></svg>", encoding="utf-8")
    _, _, content = pictures.embedded_svg(tmp_path / "a.svg", "1 < 2").partition(",")
    assert base64.b64decode(content) == b"<svg><title>T</title><desc>1 &lt; 2</desc><g/></svg>"


# --- every metric -----------------------------------------------------------------------------


def cells(
    arm: str, metrics: dict[str, dict[str, float | None]] = METRICS
) -> dict[str, tuple[str, str]]:
    (row,) = [row for row in rows(study(), metrics) if row.arm == arm]
    return dict(zip([column.key for column in shown(metrics)], row.cells, strict=True))


def test_numbers_are_written_with_their_units() -> None:
    assert cells("adam")["validation_accuracy"] == ("83.0", "")
    assert cells("adam")["epochs_to_95"] == ("6.5", "")
    baseline = cells("baseline")
    assert [baseline[key][0] for key in ("validation_accuracy", "test_macro_f1", "epochs_to_95",
            "generalization_gap", "stability", "images_per_second", "parameters")] == [
        "85.0", "0.812", "9", "+5.0", "0.61", "1,030", "600,010"]  # fmt: skip


def test_what_was_not_measured_is_a_dash_and_what_nobody_measured_no_column() -> None:
    assert cells("adam")["stability"] == (DASH, "")  # None
    assert cells("adam")["parameters"] == (DASH, "")  # absent
    assert cells("simple")["test_accuracy"] == (DASH, "")  # not a number
    missing = {column.key for column in COLUMNS} - {column.key for column in shown(METRICS)}
    assert missing == {"external_accuracy", "minutes"}


def test_pace_is_the_mean_over_the_runs_whose_circumstances_are_known() -> None:
    records = {
        "adam-0": {"history": "a", "seconds": 60.0, "images_per_second": 100.0},
        "adam-1": {"history": "b", "seconds": 180.0, "images_per_second": 300.0},
        "adam-2": {"history": "c"},
    }
    paced = with_pace(METRICS, study(seeds=[0, 1, 2]), records)
    assert (paced["adam"]["images_per_second"], paced["adam"]["minutes"]) == (200.0, 2.0)
    assert "minutes" not in paced["simple"]


# --- caveats ----------------------------------------------------------------------------------


def told(
    few: str = "",
    metrics: Any = METRICS,
    majority: Any = None,
    tested: bool = False,
    **changes: Any,
) -> str:
    shares = {"simple": 0.27, "adam": 0.27} if majority is None else majority
    sets = {key: changes.pop(key) for key in ("source", "canvas", "images") if key in changes}
    return " ".join(caveats(study(**changes), data(**sets), metrics, shares, few, tested))


def test_caveats_hold_for_this_study() -> None:
    assert "Too few. Differences are printed and not tested." in told("Too few.")
    assert "means of 3 seeds. The rules" in told(seeds=[0, 1, 2])
    some = told("Too few of Adam.", tested=True, seeds=[0, 1, 2], costly_arms=["adam"])
    assert "Numbers are means of 3 seeds (Adam: 1). The rules" in some
    assert "fixed before the runs. Too few of Adam. The test images chose nothing" in some
    assert "not tested" not in told()
    assert "images are 72 px wide where the paper's are 128" in told()
    assert "25,000 of them (50.0% of the paper's number)" in told()
    assert "geometry" not in told(scale="paper")
    assert "not the paper's size." in told(scale="half", canvas=128, images=50_000)
    assert "1 of 4 arms ends no better than naming the commonest label: simple CNN." in told()
    assert "learnt nothing" not in told(majority={"adam": 0.1})
    assert "there is no test accuracy" in told(source="kaggle")
    assert "xternal" not in told()
    external = METRICS | {"adam": METRICS["adam"] | {"external_images": 84.0}}
    assert "The external test set has 84 images" in told(metrics=external)


# --- differences ------------------------------------------------------------------------------

NAMES = {"base": "baseline (SGD)", "a": "Adam", "b": "SGD"}
MODIFIED = dict.fromkeys(NAMES, "modified")
IMAGES = pd.DataFrame(
    [{"first": "base", "second": "a", "seed": 0, "images": 4000, "only_first": 208,
      "only_second": 1237, "p": 1e-12}]
)  # fmt: skip


def compared(
    seeds: int, images: pd.DataFrame = IMAGES, drop: tuple[str, int] | None = None,
    failed: dict[str, FailedArm] | None = None, **changes: Any,
) -> Differences:  # fmt: skip
    asked = config({"it": difference_claim(paper=0.008)}, **changes)
    made = runs({"base": 0.8, "a": 0.84, "b": 0.8}, seeds)
    if drop:  # of both metrics its numbers are missing
        judged = {**made[drop].judged, "test_accuracy": None, "validation_accuracy": None}
        made[drop] = replace(made[drop], judged=judged)
    return differences(asked, compare(asked, made, "base", MODIFIED), images, among(failed))


def among(failed: dict[str, FailedArm] | None = None) -> StudyConfig:
    return study(baseline="base", arms=NAMES, data_sets=MODIFIED, failed=failed or {})


def test_a_line_a_pair_under_each_metric() -> None:
    found = compared(10)
    assert found.head == ("Arms", "Difference", "n", "p", "P(better)", "Verdict")
    assert [metric for metric, _ in found.metrics] == ["validation accuracy", "test accuracy"]
    lines = [line.cells for line in found.metrics[0][1]]
    assert [line[0][0] for line in lines] == [
        f"Adam {MINUS} baseline", f"SGD {MINUS} baseline", f"SGD {MINUS} Adam"
    ]  # fmt: skip
    _, difference, n, p, better, verdict = lines[0]
    assert (n[0], p, verdict[0]) == ("10", ("0.006", "0.002 alone"), "better")
    assert better[0] == "1.00 [0.69, 1.00]"
    assert difference[0].startswith("+4.")
    assert difference[1].startswith("paper +0.8, spread 0.")
    assert "would find 0." in difference[1]
    assert "equivalence" not in difference[1]  # 4 points apart
    assert "equivalence takes" in lines[1][1][1]
    assert "(images alone 0." in found.metrics[1][1][0].cells[1][1]


def test_an_arm_that_failed_is_a_row_of_every_table_without_a_number() -> None:
    failed = {"l2": FailedArm(label="L2", end="l2-0: killed", figures={})}
    found = compared(10, failed=failed)
    name, lines = found.metrics[-1]
    assert (name, len(lines)) == ("arms that failed", 1)
    assert lines[0].mark is None
    assert [cell for cell, _ in lines[0].cells] == [f"L2 {MINUS} baseline", "failed", *[DASH] * 4]
    row = rows(study(failed=failed), METRICS)[-1]
    assert (row.label, row.cells[0], len(row.cells)) == ("L2", ("failed", ""), len(shown(METRICS)))
    assert {cell for cell, _ in row.cells[1:]} == {DASH}
    assert "Of 5 arms a run ended before its time in 1: L2." in told(failed=failed)
    assert "before its time" not in told()


@pytest.mark.parametrize("seeds", [1, 3])
def test_few_seeds_have_no_column_of_dashes_and_say_so_once(seeds: int) -> None:
    found = compared(seeds)
    assert "p" not in found.head
    assert ("P(better)" in found.head) == (seeds > 1)
    assert "Verdict" not in found.head
    assert "a family of 3 tests takes 7." in found.text
    assert ("[" in found.metrics[0][1][0].cells[1][0]) == (seeds > 1)


def test_where_one_family_has_too_few_seeds_its_rows_say_so() -> None:
    arms = {arm: facts(family="paper" if arm == "base" else "added") for arm in ARMS}
    found = compared(6, arms=arms | {"b": facts()})
    assert [line.cells[-1][0] for line in found.metrics[1][1]] == [
        "none possible; 2 tests take 7 seeds", "equivalent", "none possible; 2 tests take 7 seeds"
    ]  # fmt: skip


def test_seeds_without_a_partner_are_named_and_images_have_a_table_of_their_own() -> None:
    assert "in no difference: Adam (seed 1)" in compared(3, drop=("base", 1)).text
    assert "partner" not in compared(3).text
    images = compared(1).images
    assert images is not None
    assert "Of 4,000 test images, how many only baseline" in images[0]
    assert images[1:] == (("Seed", "Only baseline", "Only Adam", "p"),
                          [("0", "208", "1,237", "< 0.001")])  # fmt: skip
    assert compared(1, IMAGES.iloc[:0]).images is None


# --- the check of the images ------------------------------------------------------------------


def measure(**changes: Any) -> dict[str, Any]:
    return {
        "subject": "water", "what": "mean", "origin": "sample", "count": 300, "measured": 76.0,
        "ours": 76.4, "allowed": [75.0, 77.0], "tolerance": "±8, in 75 to 77", "note": "",
        "pass": True,
    } | changes  # fmt: skip


PERCENTILES = measure(
    what="percentiles 1/99", measured=[39.0, 136.0], ours=[39.0, 124.0],
    allowed=[[24.0, 54.0], [121.0, 151.0]], tolerance="±15",
)  # fmt: skip
WHY, UNJUDGED = "canvas 64, not 128", {"allowed": None, "pass": None}


def content(*measures: dict[str, Any], reason: str = "") -> dict[str, Any]:
    return {"composed": True, "judged_on": "sample" if reason else "made", "reason": reason,
            "rows": list(measures)}  # fmt: skip


def test_what_passes_is_counted_and_the_closest_named_and_what_fails_too() -> None:
    passed = data_check(content(measure(origin="made"), PERCENTILES))
    assert passed.summary == "2 of 2 checks pass"
    # 12 of 15 grey levels, more than the mean's 0.4 of 1.
    assert "water, percentiles 1/99, which take up to 80% of the tolerance." in passed.text
    failed = data_check(content(measure(**{"pass": False}), PERCENTILES))
    assert failed.summary == "1 of 2 checks pass"
    assert "1 of 2 measures leaves its tolerance: water, mean." in failed.text
    assert "closest" not in failed.text
    nothing = data_check({"composed": False, "passed": None, "rows": []})
    assert "nothing to hold" in nothing.text
    assert (nothing.judged, nothing.reported, nothing.sheet) == ([], [], "")


def test_lines_stand_by_subject_and_what_cannot_be_judged_apart() -> None:
    stars = measure(
        subject="stars", measured=None, ours=1234.5, tolerance="", note="so", **UNJUDGED
    )
    checked = data_check(content(measure(), PERCENTILES, stars))
    assert [subject for subject, _ in checked.judged] == ["water", "stars"]
    (mean, percentiles), (last,) = (lines for _, lines in checked.judged)
    assert (mean.measured, mean.ours, mean.passed) == ("76", "76.4", "yes")
    assert (percentiles.measured, percentiles.ours) == ("39/136", "39/124")
    assert (last.measured, last.ours, last.passed, last.note) == (DASH, "1,234", DASH, "so")
    own = measure(origin="made", note=f"from 4 to 28; {WHY}", **UNJUDGED)
    apart = data_check(content(measure(), own, reason=WHY))
    assert [subject for subject, _ in apart.reported] == ["water"]
    assert apart.reported[0][1][0].note == "from 4 to 28"
    assert f"cannot be judged ({WHY})" in apart.text
    assert "composed by the check" in apart.sheet


# --- provenance -------------------------------------------------------------------------------


def record(**changes: Any) -> dict[str, Any]:
    return {
        "commit": "0123456789abcdef", "clean": True, "device": "cpu", "threads": 1,
        "processor": "A processor", "python": "3.11.9", "packages": {"keras": "3.15.1"},
        "seconds": 90.0,
    } | changes  # fmt: skip


def test_provenance_tells_what_the_runs_have_in_common_and_what_lacks_a_record() -> None:
    records = {"adam-0": record(), "adam-1": record(seconds=150.0), "baseline-0": {"history": "x"}}
    sources = {"mnist": {"public": {"digest": "sha256:731c5ac602752760"}}, "vgg19": None}
    found = dict(provenance.facts(study(seeds=[0, 1]), records, sources))
    assert found["Trained at commit"] == "0123456789ab"
    assert found["Without a record"] == "baseline <SGD & dropout> (seed 0)"
    assert found["Versions"] == "Python 3.11.9, keras 3.15.1"
    assert found["Time"].startswith("2.0 minutes a run, from 1.5 to 2.5; 0.1 hours of all 2 runs")
    assert found["Inputs"] == "mnist sha256 731c5ac60275"
    changed = {"adam-0": record(), "adam-1": record(clean=False)}
    told = dict(provenance.facts(study(), changed, {}))["Trained at commit"]
    assert told == "0123456789ab (1 run) and 0123456789ab with changes (1 run)"
    nothing = dict(provenance.facts(study(), {"adam-0": {}}, {}))
    assert nothing["Versions"] == nothing["Time"] == provenance.UNKNOWN


def test_the_command_names_the_commit_only_where_all_runs_are_of_one() -> None:
    records = {"adam-0": record(), "adam-1": record()}
    command = provenance.command(study(seeds=[0, 1]), records)
    assert command == 'git checkout 0123456789ab\nmake exp SET="scale=laptop seeds=[0,1]"'
    costly = study(seeds=[0, 1], costly_seeds=[1], costly_arms=["adam"])
    assert provenance.command(costly, records).endswith('seeds=[0,1] costly_seeds=[1]"')
    assert ("Seeds", "0, 1; of Adam 1") in provenance.facts(costly, records, {})
    changed = provenance.command(study(), records | {"adam-1": record(clean=False)})
    assert changed == 'make exp SET="scale=laptop seeds=[0]"'

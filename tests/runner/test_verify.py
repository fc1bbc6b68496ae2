"""What `make verify` says of a run that trained again, by numbers worked out by hand."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from runner.lock import Run
from runner.store import Objects, Place

from runner import verify

OTHER = ["processor: A there, B here"]
SEEDS = [{"validation_accuracy": 0.5 + d, "test_accuracy": 0.7 + d} for d in (-0.01, 0, 0.01)]
FILES = ["models/networks/a-0.keras"]


def test_the_interval_is_student_s_for_one_more_value() -> None:
    # mean 2, standard deviation 1, and t of 2 degrees at 99.5% is 9.924843.
    half = 9.924843 * (1 + 1 / 3) ** 0.5
    assert verify.expected([1.0, 2.0, 3.0]) == pytest.approx((2 - half, 2 + half))


def test_the_same_files_hold_on_any_machine() -> None:
    for machines in ([], OTHER):
        verdict = verify.judge("a-0", [], SEEDS[0], SEEDS, machines)
        assert verdict.holds
        assert "identical" in verdict.told


def test_other_files_do_not_hold_on_the_same_kind_of_machine() -> None:
    verdict = verify.judge("a-0", FILES, SEEDS[0], SEEDS, [])
    assert not verdict.holds
    assert FILES[0] in verdict.told


def test_other_files_hold_elsewhere_where_a_further_seed_would_lie() -> None:
    # +- 9.92 * 0.01 * 1.155 = 0.1146
    near = {"validation_accuracy": 0.61, "test_accuracy": 0.59}
    verdict = verify.judge("a-0", FILES, near, SEEDS, OTHER)
    assert verdict.holds
    assert "validation_accuracy 0.6100, expected 0.3854 to 0.6146" in verdict.told
    assert OTHER[0] in verdict.told
    for name in near:
        far = {**near, name: 0.99}
        assert not verify.judge("a-0", FILES, far, SEEDS, OTHER).holds, name


def test_without_test_labels_validation_alone_is_held() -> None:
    assert verify.judge("a-0", FILES, {"validation_accuracy": 0.5}, SEEDS, OTHER).holds


def test_one_seed_has_no_spread() -> None:
    verdict = verify.judge("a-0", FILES, SEEDS[0], SEEDS[:1], OTHER)
    assert not verdict.holds
    assert "one seed has no spread" in verdict.told


def test_machines_differ_by_what_results_depend_on() -> None:
    record = {"processor": "A", "device": "cpu", "threads": 1, "packages": {"keras": "3.1"}}
    assert verify.kinds(record | {"seconds": 1, "commit": "x"}, record) == []
    assert verify.kinds(record, record | {"processor": "B", "packages": {"keras": "3.2"}}) == [
        "processor: A there, B here", "packages: keras 3.1 there, keras 3.2 here"
    ]  # fmt: skip
    assert verify.kinds({"history": "0"}, record) == ["it is not known where it was trained"]


def test_files_are_compared_to_the_byte(tmp_path: Path) -> None:
    def put(folder: Objects, content: bytes, suffix: str = "") -> str:
        digest = hashlib.md5(content).hexdigest() + suffix
        folder.path(digest).parent.mkdir(parents=True, exist_ok=True)
        folder.path(digest).write_bytes(content)
        return digest

    store, cache = Objects(tmp_path / "store"), Objects(tmp_path / "cache")
    listed = [{"md5": put(store, b"{}"), "relpath": "metrics.json"}]
    folder = put(store, json.dumps(listed).encode(), ".dir")
    network = hashlib.md5(b"network").hexdigest()  # which is nowhere
    outs = [
        {"path": "models/evaluations/a-0", "md5": folder},
        {"path": "models/networks/a-0", "md5": network},
    ]
    place = Place(("a-0",), frozenset({"models/evaluations/a-0"}), "", cache, store)
    run = Run("a-0", {"train@a-0": {"outs": outs}})
    copy = tmp_path / "copy/models"
    (copy / "evaluations/a-0").mkdir(parents=True)
    (copy / "evaluations/a-0/metrics.json").write_bytes(b"{}")
    (copy / "networks").mkdir()
    (copy / "networks/a-0").write_bytes(b"network")
    assert verify.differing(place, run, tmp_path / "copy") == []
    (copy / "networks/a-0").write_bytes(b"networq")
    (copy / "evaluations/a-0/metrics.json").unlink()
    assert verify.differing(place, run, tmp_path / "copy") == [
        "models/evaluations/a-0/metrics.json", "models/networks/a-0"
    ]  # fmt: skip


def test_what_is_shipped_is_read_from_where_it_is(tmp_path: Path) -> None:
    place = Place({}, frozenset(), "", Objects(tmp_path / "c"), Objects(tmp_path / "s"))
    assert verify.at_hand(place, "0" * 32) == place.store
    place.cache.path("0" * 32).parent.mkdir(parents=True)
    place.cache.path("0" * 32).write_text("")
    assert verify.at_hand(place, "0" * 32) == place.cache
    with pytest.raises(verify.StudyError, match=r"a-0 has no metrics\.json"):
        verify.metrics(place, Run("a-0", {}))

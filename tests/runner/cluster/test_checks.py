"""What is refused before a study is handed out, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.cluster import checks
from runner.graph import StudyError
from tests.pipeline.repository import Repository

MACHINE = {"Python": "3.11.7", "keras": "3.15.1", "processor": "EPYC 9"}


def refusal(check: object, *arguments: object) -> str:
    with pytest.raises(StudyError) as error:
        check(*arguments)  # type: ignore[operator]
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("text", ["host:8786", "tcp://host", "tcp://a b:1", "; rm -rf", ""])
def test_what_is_no_address_is_refused(text: str) -> None:
    assert refusal(checks.address, text).startswith("SCHEDULER is ")


def test_workers_of_one_kind_are_that_kind() -> None:
    assert checks.refuse_kinds({"a": MACHINE, "b": MACHINE}) == MACHINE


@pytest.mark.parametrize("aspect", MACHINE)
def test_workers_that_differ_are_named_with_what_they_are(aspect: str) -> None:
    said = refusal(checks.refuse_kinds, {"a": MACHINE, "b": {**MACHINE, aspect: "another"}})
    assert said.startswith(f"workers differ in {aspect}: {MACHINE[aspect]} on a; another on b; ")


def test_other_versions_than_the_head_s_are_refused_and_another_processor_is_not() -> None:
    checks.refuse_pins(MACHINE, {**MACHINE, "processor": "Xeon", "Python": "3.11.9"})
    said = refusal(checks.refuse_pins, MACHINE, {**MACHINE, "keras": "3.0"})
    assert "keras 3.15.1 there, 3.0 here" in said
    assert "Python 3.11 there, 3.12 here" in refusal(
        checks.refuse_pins, MACHINE, {**MACHINE, "Python": "3.12.1"}
    )


def test_what_is_not_committed_is_refused_unless_dvc_wrote_it(head: Repository) -> None:
    code = ("stages", "networks")
    Path("notes.txt").write_text("mine")  # nothing reads it
    Path("dvc.lock").write_text("schema: '2.0'\n")
    checks.refuse_uncommitted(code)
    Path("networks/new.py").write_text("# New.\n")
    Path("params.yaml").write_text("seeds: [1]\n")
    said = refusal(checks.refuse_uncommitted, code)
    assert said.startswith("networks/new.py, params.yaml are not as in the last commit, which is")


def test_the_commit_comes_from_origin_or_where_one_says(head: Repository) -> None:
    commit, source = checks.source(None)
    assert (len(commit), source) == (40, str(head.path.resolve()))
    head.git("remote", "add", "origin", "git@example.org:study.git")
    assert checks.source(None)[1] == "git@example.org:study.git"
    assert checks.source("https://example.org/x.git")[1] == "https://example.org/x.git"

"""`make experiments`: what is shown of experiments, and that it stays narrow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from runner import experiments
from runner.experiments import Experiment
from runner.graph import StudyError
from tests.pipeline.repository import Repository

BOTH = ("test_accuracy", "validation_accuracy")


def of(name: str, changed: list[str], arms: Mapping[str, float]) -> Experiment:
    """An experiment whose accuracies on test and validation are these and a tenth less."""
    test = dict(arms)
    less = {arm: value - 0.1 for arm, value in arms.items()}
    accuracies = {"test_accuracy": test, "validation_accuracy": less} if arms else {}
    return Experiment(name, "2024-05-01 12:00", changed, accuracies)


COMMIT = of("main", [], {"plain": 0.9, "steep": 0.8})


def test_the_arms_that_differ_are_shown_and_no_others() -> None:
    told = experiments.lines(
        [COMMIT, of("odd-one", ["train.optimizer=adam"], {"plain": 0.9, "steep": 0.825})], 120
    )
    assert told == [
        "main     2024-05-01 12:00  the last commit",
        "odd-one  2024-05-01 12:00  train.optimizer=adam",
        "",
        "test accuracy    main  odd-one",
        "steep          0.8000   0.8250",
        "",
        "validation accuracy    main  odd-one",
        "steep                0.7000   0.7250",
    ]


def test_what_is_shown_alike_does_not_differ() -> None:
    told = experiments.lines([COMMIT, of("odd-one", [], {"plain": 0.90001, "steep": 0.8})], 120)
    assert told[2:] == [
        "",
        "test accuracy: no arm differs",
        "",
        "validation accuracy: no arm differs",
    ]


def test_an_arm_that_one_side_lacks_differs() -> None:
    told = experiments.lines([COMMIT, of("odd-one", [], {"plain": 0.9, "own": 0.5})], 120)
    assert "steep          0.8000        -" in told
    assert "own                 -   0.5000" in told


def test_an_experiment_that_waits_has_no_column() -> None:
    waiting = Experiment("later", "queued", ["seeds=[0, 1]"], {})
    told = experiments.lines([COMMIT, waiting], 120)
    assert "later  queued            seeds=[0, 1]" in told
    assert not [line for line in told[2:] if "later" in line]


def test_without_experiments_it_says_how_to_make_one() -> None:
    assert "make exp SET=" in experiments.lines([COMMIT], 120)[-1]


@pytest.mark.parametrize("columns", [80, 120])
def test_many_experiments_of_many_arms_stay_narrow(columns: int) -> None:
    """A table that is too wide goes on below, with the commit in each part."""
    arms = {f"arm_of_some_length_{n}": 0.5 for n in range(12)}
    many = [of("main", [], arms)] + [
        of(
            f"experiment-{n}",
            [f"figures.figure_{m}.arms=[{', '.join(arms)}]" for m in range(3)],
            dict.fromkeys(arms, 0.5 + n / 100),
        )
        for n in range(1, 20)
    ]
    told = experiments.lines(many, columns)
    assert max(map(len, told)) <= columns
    heads = [line for line in told if line.startswith("test accuracy")]
    assert len(heads) > 1
    shown = [name for head in heads for name in head.split()[2:]]
    assert all(head.split()[2] == "main" for head in heads)
    assert [name for name in shown if name != "main"] == [one.name for one in many[1:]]


@pytest.mark.slow
def test_experiments_of_a_repository(small: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    small.dvc("exp", "run", "--name", "gentle", "-S", "arms.plain.rate=0.25")
    small.git("checkout", "--quiet", "HEAD", "--", ".")
    small.edit("networks/cnn.py", "Three", "Two")
    small.dvc("exp", "run", "--name", "shallow", "-S", "scale=smoke")
    small.git("checkout", "--quiet", "HEAD", "--", ".")
    small.dvc("exp", "run", "--queue", "--name", "later", "-S", "seeds=[0,1]")
    capsys.readouterr()
    experiments.main()
    branch = small.git("branch", "--show-current").strip()
    told = capsys.readouterr().out.splitlines()
    changed = {line.split()[0]: line.split("  ")[-1].strip() for line in told[:4]}
    assert changed == {
        branch: "the last commit",
        "gentle": "arms.plain.rate=0.25",
        "shallow": "scale=smoke, networks",
        "later": "seeds=[0, 1]",
    }
    assert told[4] == ""
    end = told.index("", 5)
    names = told[5].removeprefix("test accuracy").split()
    rows = {line.split()[0]: line.split()[1:] for line in told[6:end]}
    assert names[0] == branch
    shown = dict(zip(names, rows["plain"], strict=True))
    assert shown == {branch: "0.5000", "gentle": "0.2500", "shallow": "0.5000"}
    assert "steep" not in rows
    assert "workspace" not in "\n".join(told)

    # What lies in the folder is a row of its own where it is no experiment's and not the commit's.
    small.edit("params.yaml", "rate: 0.5", "rate: 0.125")
    experiments.main()
    assert "workspace" in capsys.readouterr().out


@pytest.mark.slow
def test_without_a_commit_it_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Repository(tmp_path).git("init", "--quiet")
    Repository(tmp_path).dvc("init", "--quiet")
    with pytest.raises(StudyError) as error:
        experiments.main()
    assert "\n" not in str(error.value)
    assert "commit" in str(error.value)

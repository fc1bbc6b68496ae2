"""What DVC's users expect of experiments: counted reruns, comparisons, queues, clear refusals."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ablation.base.files import read_yaml
from tests.pipeline.repository import Repository, ran
from tests.pipeline.small import keep_few_arms

pytestmark = pytest.mark.slow

Copy = Callable[[Repository], Repository]

INHERITING = [
    "simple_mnist",
    "simple",
    "baseline",
    "no_dropout",
    "l1",
    "l2",
    "head_1024",
    "head_512_32",
    "largest",
]


WIDTH = 120  # columns that what DVC prints may take


def arms(repository: Repository) -> list[str]:
    params = read_yaml(repository.path / "params.yaml")
    return [*params["arms"], *params["costly_arms"]]


def test_another_optimizer_outdates_the_arms_that_inherit_it_and_no_other(
    study: Repository, copy_of: Copy
) -> None:
    repository = copy_of(study)
    repository.dvc("exp", "run", "-S", "train.optimizer=adam", "resolve")
    outdated = json.loads(repository.dvc("status", "--json"))
    trained = {name for name in outdated if name.startswith("train")}
    assert trained == {f"train@{arm}-0" for arm in INHERITING}


def test_another_optimizer_trains_those_is_compared_and_the_way_back_is_free(
    checkout: Repository, copy_of: Copy
) -> None:
    repository = copy_of(checkout)
    inheriting, others = ["baseline", "no_dropout"], ["adam"]
    keep_few_arms(repository, [*inheriting, *others], ["no_dropout", "adam"])
    repository.dvc("repro")
    repository.commit()

    output = repository.dvc("exp", "run", "-S", "train.optimizer=adam")
    assert sorted(ran(output, "train")) == [f"train@{arm}-0" for arm in inheriting]
    parameters = repository.dvc("params", "diff")
    assert "train.optimizer" in parameters
    assert "sgd_nesterov" in parameters
    difference = json.loads(repository.dvc("metrics", "diff", "--json"))
    changed = {Path(path).stem for path in difference}
    assert changed
    assert changed <= set(inheriting)
    assert all(
        set(values) <= {"test_accuracy", "validation_accuracy"} for values in difference.values()
    )
    experiments = repository.make("experiments")
    assert "train.optimizer=adam" in experiments
    shown = {line.split()[0] for line in experiments.splitlines() if line[:1].isalpha()}
    assert shown & {*inheriting, *others} == changed
    for told in (repository.dvc("metrics", "diff"), experiments):
        assert max(map(len, told.splitlines())) <= WIDTH

    output = repository.dvc("exp", "run", "-S", "train.optimizer=sgd_nesterov")
    assert not ran(output, "train")
    assert not ran(output, "evaluate")


def test_the_metrics_are_a_row_an_arm_and_nothing_of_the_machine(study: Repository) -> None:
    told = study.dvc("metrics", "show").splitlines()
    assert told[0].split() == ["Path", "test_accuracy", "validation_accuracy"]
    assert {Path(line.split()[0]).stem for line in told[1:]} == set(arms(study))
    assert max(map(len, told)) <= WIDTH


def test_an_experiment_side_by_side_is_recorded(study: Repository, copy_of: Copy) -> None:
    repository = copy_of(study)
    repository.make("exp", "SET=arms.adam.label=another seeds=[0]")
    assert "# Every choice of the study." in (repository.path / "params.yaml").read_text()
    rows = list(csv.DictReader(repository.dvc("exp", "show", "--csv").splitlines()))
    recorded = [row for row in rows if row["arms.adam.label"] == "another" and row["Experiment"]]
    assert len(recorded) == 1


@pytest.mark.parametrize("wrong", ["train.optimizr=adam", "nothing"])
def test_a_wrong_experiment_is_one_line_and_leaves_params_alone(
    checkout: Repository, copy_of: Copy, wrong: str
) -> None:
    repository = copy_of(checkout)
    before = (repository.path / "params.yaml").read_text()
    output = repository.run(sys.executable, "-m", "runner", "--set", wrong, check=False)
    assert repository.status != 0
    assert output.splitlines()[-1].startswith(f"study: SET is '{wrong}': ")
    assert "Traceback" not in output
    assert (repository.path / "params.yaml").read_text() == before


def test_a_grid_of_experiments_is_queued(study: Repository, copy_of: Copy) -> None:
    repository = copy_of(study)
    repository.dvc("exp", "run", "--queue", "-S", "train.optimizer=adam,sgd")
    queued = [line for line in repository.dvc("queue", "status").splitlines() if "Queued" in line]
    assert len(queued) == 2


def test_plots_show_draws_the_curves(study: Repository, copy_of: Copy) -> None:
    repository = copy_of(study)
    repository.dvc("plots", "show")
    page = (repository.path / "dvc_plots/index.html").read_text()
    assert "validation_accuracy" in page
    assert "no_dropout" in page
    # Vega is inside, so that the page needs no network.
    assert "<script src" not in page
    assert "vegaEmbed" in page
    assert "differences.png" in page


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (["train.optimizer=nonsense"], ["train.optimizer", "nonsense", "sgd_nesterov"]),
        (["scales.smoke.train.batch_size=abc"], ["batch_size", "abc", "integer"]),
        (["train.threads=two"], ["train.threads", "two", "integer"]),
        (["+train.speed=3"], ["train.speed", "unknown key"]),
        (["+arms.adam.model.cnn.depth=3"], ["arms.adam.model.cnn.depth", "blocks"]),
        (["figures.dropout.arms=[baseline,nobody]"], ["figures.dropout", "nobody", "no_dropout"]),
        (["data.backgrounds=[marble]"], ["data.backgrounds", "marble", "granite"]),
        (["scale=huge"], ["huge"]),
    ],
)
def test_a_mistake_is_one_line_before_anything_is_fetched(
    checkout: Repository, copy_of: Copy, change: list[str], named: list[str]
) -> None:
    repository = copy_of(checkout)
    arguments = [part for value in change for part in ("-S", value)]
    output = repository.dvc("exp", "run", *arguments, check=False)
    assert repository.status != 0
    assert "Traceback" not in output
    assert not ran(output, "fetch")
    said = [line for line in output.splitlines() if all(word in line for word in named)]
    assert len(said) >= 1, output
    assert not (repository.path / "data/raw").exists()


def test_an_unknown_section_is_refused_after_a_study_too(study: Repository, copy_of: Copy) -> None:
    repository = copy_of(study)
    output = repository.dvc("exp", "run", "-S", "+speed=3", check=False)
    assert repository.status != 0
    assert "speed: unknown key; allowed: scale, seeds" in output

"""Compares arms over the seeds and holds the paper's claims against the runs."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ablation.base.arrays import read_npz, read_split
from ablation.base.cli import run
from ablation.base.files import read_config, read_yaml, replacing, write_json, write_text
from ablation.reporting.answers import read_answers, read_labels
from ablation.reporting.results import read_judged
from ablation.reporting.tables import read_history
from ablation.reporting.verdict_table import counts, lines, markdown, reading
from ablation.reporting.wording import few_seeds
from ablation.statistics import claims
from ablation.statistics.comparison import compare
from ablation.statistics.config import ClaimsConfig
from ablation.statistics.images import mcnemar
from ablation.statistics.pairs import Runs
from ablation.statistics.run_metrics import Run
from ablation.study.config import StudyConfig

CONFIGS, REPORTS = Path("configs"), Path("reports")
SETS, SPLIT, DIGITS = Path("data/sets"), Path("data/split"), Path("data/raw/mnist.npz")
MEASURED = Path("ablation/inputs/measured.yaml")
HISTORIES, EVALUATIONS = Path("models/histories"), Path("models/evaluations")
IMAGES_COLUMNS = ("first", "second", "seed", "images", "only_first", "only_second", "p")


def main() -> None:
    study = read_config(CONFIGS / "study.yaml", StudyConfig)
    config = read_config(CONFIGS / "claims.yaml", ClaimsConfig)
    runs = _runs(study, config)
    comparisons = compare(config, runs, study.baseline, study.data_sets)
    classes = np.bincount(read_npz(DIGITS, ["y_train"])["y_train"], minlength=10)
    # Our own images are composed to have the labels that a claim speaks of: the official judge it.
    official = np.array(read_yaml(MEASURED)["labels"])
    judged = claims.judge(
        config,
        claims.Study(study.scale, runs, comparisons, official, classes / classes.sum()),
    )
    _write_csv(REPORTS / "comparison.csv", comparisons)
    _write_csv(REPORTS / "images_test.csv", _images_test(study, config, runs))
    content: list[dict[str, Any]] = [asdict(judgement) for judgement in judged]
    write_json(REPORTS / "claims.json", content)
    introduced = [
        " ".join(counts(content, config)),
        " ".join(filter(None, [reading(config, study.scale), few_seeds(comparisons, study.arms)])),
    ]
    page = markdown(lines(content, config, study.arms), introduced)
    write_text(REPORTS / "claims.md", page)
    found = Counter(judgement.verdict for judgement in judged)
    told = ", ".join(f"{count} {verdict}" for verdict, count in found.items())
    print(f"compare: {len(comparisons)} comparisons; {len(judged)} claims: {told}")


def _runs(study: StudyConfig, config: ClaimsConfig) -> Runs:
    """Every run of the study, with how the labels of its validation and test images are."""
    labels, tests, majority = {}, {}, {}
    for name in set(study.data_sets.values()):
        labels[name] = read_labels(SETS / "train" / name / "labels.npy")
        test = SETS / "test" / name / "labels.npy"
        tests[name] = read_labels(test) if test.exists() else None
    for seed in study.seeds:
        for name, of_set in labels.items():
            _, validation = read_split(SPLIT / f"{seed}.npz", name)
            counts = np.bincount(of_set[validation])
            majority[name, seed] = float(counts.max() / counts.sum())
    runs = {}
    for arm, seed in study.runs:
        name, key = study.data_sets[arm], f"{arm}-{seed}"
        trained, evaluated = (study.stage(stage, arm, seed) for stage in ("train", "evaluate"))
        history = read_history(HISTORIES / key, config.arms[arm].epochs, trained)
        labelled = tests[name]
        images = None if labelled is None else len(labelled)
        said, _ = read_answers(EVALUATIONS / key / "predictions.npz", images, evaluated)
        correct = None if labelled is None else said == labelled
        runs[arm, seed] = Run(
            arm=config.arms[arm],
            judged=read_judged(
                EVALUATIONS / key / "metrics.json", evaluated, labels=labelled is not None
            ),
            curves={str(m): rows["value"].to_numpy() for m, rows in history.groupby("metric")},
            majority=majority[name, seed],
            correct=correct,
        )
    return runs


def _images_test(study: StudyConfig, config: ClaimsConfig, runs: Runs) -> pd.DataFrame:
    """McNemar's test of the two named arms, a row a seed; none where test images lack labels."""
    first, second = config.statistics.images_test
    rows = []
    for seed in (seed for seed in study.seeds_of(first) if seed in study.seeds_of(second)):
        one, other = runs[first, seed].correct, runs[second, seed].correct
        if one is not None and other is not None:
            rows.append({"first": first, "second": second, "seed": seed,
                         **asdict(mcnemar(one, other))})  # fmt: skip
    return pd.DataFrame(rows, columns=list(IMAGES_COLUMNS))


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g")


if __name__ == "__main__":
    run("compare", main)

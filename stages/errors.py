"""Finds where the networks are wrong on the test images: by label, background and image."""

from pathlib import Path

import numpy as np
import pandas as pd

from ablation.base.arrays import read_npy, read_npz, write_npz
from ablation.base.cli import run
from ablation.base.files import read_config
from ablation.composition.config import DataConfig
from ablation.reporting.tables import read_csv, write_csv
from ablation.statistics import errors
from ablation.statistics.runs import best_arm
from ablation.study.config import StudyConfig

SETS, RUNS, OUT = Path("data/sets/test"), Path("models/runs"), Path("reports/errors")
COMPOSITION = Path("data/compositions/test.npz")
HARDEST = 24  # images shown
BY = ["arm", "by", "group", "images", "accuracy", "low", "high", "said", "share"]
CONFUSION = ["arm", "label", "said", "count"]


def main() -> None:
    study = read_config(Path("configs/study.yaml"), StudyConfig)
    config = read_config(Path("configs/data.yaml"), DataConfig)
    folder = SETS / study.data_sets[study.baseline]
    if not (folder / "labels.npy").exists():
        write_csv(OUT / "votes.csv", errors.votes(np.zeros(0, np.uint8), {}))
        write_csv(OUT / "accuracy.csv", pd.DataFrame(columns=BY))
        write_csv(OUT / "confusion.csv", pd.DataFrame(columns=CONFUSION))
        print("errors: the test images have no labels, so errors cannot be counted")
        return
    labels = read_npy(folder / "labels.npy")
    arms = study.arms_on(folder.name)
    answers = {arm: _answers(study, arm) for arm in arms}
    votes, groups = errors.votes(labels, answers), {"label": labels}
    # Of the other sets it is not kept how their images were composed.
    kept = folder.name == "modified" and COMPOSITION.exists()
    composed = read_npz(COMPOSITION) if kept else None
    if composed is not None:
        groups["background"] = composed["families"]
        votes[["wrong", "smaller_digit"]] = [
            errors.smaller_digit(labels, answers[arm].digits, composed["digit_labels"])
            for arm in arms
        ]
    write_csv(OUT / "votes.csv", votes)
    accuracies = [
        errors.by_group(labels, answers[arm].digits, group).assign(arm=arm, by=by)[BY]
        for arm in arms
        for by, group in groups.items()
    ]
    write_csv(OUT / "accuracy.csv", pd.concat(accuracies))
    best = best_arm(read_csv(Path("reports/runs.csv")), arms)
    rows = [
        (arm, label, said, count)
        for arm in dict.fromkeys((study.baseline, best))
        for (label, said), count in np.ndenumerate(errors.confusion(labels, answers[arm].digits))
    ]
    write_csv(OUT / "confusion.csv", pd.DataFrame(rows, columns=CONFUSION))
    order, probabilities = errors.hardest(labels, answers[best], HARDEST)
    backgrounds = np.full(len(order), "")
    if composed is not None:
        backgrounds = np.array(config.backgrounds)[composed["families"][order]]
    hardest = {
        "arm": np.array(best),
        "numbers": order + 1,
        "labels": labels[order],
        "said": answers[best].vote[order],
        "probabilities": probabilities,
        "backgrounds": backgrounds,
        "images": read_npy(folder / "images.npy", mmap=True)[order],
    }
    write_npz(OUT / "hardest.npz", hardest, compressed=True)
    print(f"errors: {len(arms)} arms on {len(labels):,} test images; hardest images for {best}")


def _answers(study: StudyConfig, arm: str) -> errors.Answers:
    """What the arm's networks answer to the test images, a row a seed."""
    names = ["test", "test_probabilities"]
    runs = [read_npz(RUNS / f"{arm}-{seed}" / "answers.npz", names) for seed in study.seeds_of(arm)]
    return errors.Answers(*(np.stack([run[name] for run in runs]) for name in names))


if __name__ == "__main__":
    run("errors", main)

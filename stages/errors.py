"""Says where the networks are wrong on the test images: by label, background and image."""

from pathlib import Path

import numpy as np
import pandas as pd

from ablation.base.cli import run
from ablation.base.files import read_config, replacing
from ablation.composition.config import DataConfig
from ablation.reporting.answers import read_answers, read_composed, read_images, read_labels
from ablation.reporting.results import read_runs
from ablation.reporting.summary import best_arm
from ablation.statistics import errors
from ablation.study.config import StudyConfig

SETS, EVALUATIONS = Path("data/sets/test"), Path("models/evaluations")
COMPOSITION = Path("data/compositions/test.npz")
OUT = Path("reports/errors")
HARDEST = 24  # images shown
BY = ("arm", "by", "group", "images", "accuracy", "low", "high", "said", "share")
NOTHING = "The test images have no labels, so nobody can say where an answer is wrong."


def main() -> None:
    study = read_config(Path("configs/study.yaml"), StudyConfig)
    config = read_config(Path("configs/data.yaml"), DataConfig)
    name = study.data_sets[study.baseline]
    arms = [arm for arm, data_set in study.data_sets.items() if data_set == name]
    if not (SETS / name / "labels.npy").exists():
        _write_csv("votes", errors.votes(np.zeros(0, np.uint8), {}))
        _write_csv("accuracy", pd.DataFrame(columns=list(BY)))
        _write_csv("confusion", pd.DataFrame(columns=["arm", "label", "said", "count"]))
        print(f"errors: {NOTHING}")
        return
    labels = read_labels(SETS / name / "labels.npy")
    answers = {arm: _answers(study, arm, len(labels)) for arm in arms}
    groups = {"label": labels}
    votes = errors.votes(labels, answers)
    digits = families = None
    if COMPOSITION.exists():
        composed = read_composed(COMPOSITION, len(labels), len(config.backgrounds))
        groups["background"] = families = composed["families"]
        digits = composed["digit_labels"]
        wrong = [errors.smaller_digit(labels, answers[arm].said, digits) for arm in arms]
        votes = votes.assign(wrong=[w for w, _ in wrong], smaller_digit=[s for _, s in wrong])
    _write_csv("votes", votes)
    _write_csv(
        "accuracy",
        pd.concat(
            errors.by_group(labels, answers[arm].said, group).assign(arm=arm, by=by)[list(BY)]
            for arm in arms
            for by, group in groups.items()
        ),
    )
    best = best_arm(read_runs(Path("reports/runs.csv"), study.runs), arms)
    rows = []
    for arm in dict.fromkeys((study.baseline, best)):
        counts = errors.confusion(labels, answers[arm].said)
        rows += [(arm, *place, int(count)) for place, count in np.ndenumerate(counts)]
    _write_csv("confusion", pd.DataFrame(rows, columns=["arm", "label", "said", "count"]))
    side = config.canvas if name == "modified" else config.tile
    images = read_images(SETS / name / "images.npy", len(labels), side)
    order, probabilities = errors.hardest(labels, answers[best], HARDEST)
    with replacing(OUT / "hardest.npz") as temporary:
        np.savez_compressed(
            temporary,
            allow_pickle=False,
            arm=np.array(best),
            numbers=order + 1,
            labels=labels[order],
            said=errors.vote(answers[best].probabilities)[order],
            probabilities=probabilities,
            backgrounds=np.array(
                ["" if families is None else config.backgrounds[families[k]] for k in order]
            ),
            images=images[order],
        )
    print(f"errors: {len(arms)} arms on {len(labels):,} test images; hardest for {best}")


def _answers(study: StudyConfig, arm: str, images: int) -> errors.Answers:
    runs = []
    for seed in study.seeds_of(arm):
        path, stage = (
            EVALUATIONS / f"{arm}-{seed}" / "predictions.npz",
            study.stage("evaluate", arm, seed),
        )
        runs.append(read_answers(path, images, stage, probabilities=True))
    return errors.stacked(runs)


def _write_csv(name: str, table: pd.DataFrame) -> None:
    with replacing(OUT / f"{name}.csv") as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g")


if __name__ == "__main__":
    run("errors", main)

"""Compares arms, tests the paper's claims against the runs, and makes tables.

Each figure has a folder of tables; the others are to paste.
"""

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablation.base.arrays import read_npy, read_npz, read_split
from ablation.base.cli import run
from ablation.base.files import read_config, read_yaml, write_bytes, write_json, write_text
from ablation.composition.config import DataConfig
from ablation.reporting import exports, figure_tables
from ablation.reporting.config import DeclaredFigure
from ablation.reporting.tables import read_csv, write_csv
from ablation.reporting.verdict_table import counts, in_regimes, lines, markdown, reading
from ablation.reporting.wording import short_names
from ablation.statistics import verdicts
from ablation.statistics.comparison import compare
from ablation.statistics.config import ClaimsConfig
from ablation.statistics.regimes import regimes
from ablation.study.config import StudyConfig

CONFIGS, RUNS, SAMPLES = Path("configs"), Path("models/runs"), Path("data/samples")
SETS, SPLIT, DIGITS = Path("data/sets"), Path("data/split"), Path("data/raw/mnist.npz")
REPORTS, TABLES = Path("reports"), Path("reports/tables")
MEASURED, PILOTS = Path("ablation/inputs/measured.yaml"), Path("docs/pilots.csv")
EARLIER = Path("docs/ladder.csv")  # runs of studies on fewer images, with their commits

Labels = NDArray[np.uint8]


def main() -> None:
    study = read_config(CONFIGS / "study.yaml", StudyConfig)
    data = read_config(CONFIGS / "data.yaml", DataConfig)
    config = read_config(CONFIGS / "claims.yaml", ClaimsConfig)
    table = read_csv(REPORTS / "runs.csv")
    comparisons = compare(config, table)
    found = regimes(config, read_csv(PILOTS))
    classes = np.bincount(read_npz(DIGITS)["y_train"], minlength=10)
    # Our own images are composed to have the labels that a claim speaks of: the official judge it.
    official = np.array(read_yaml(MEASURED)["labels"])
    judged = verdicts.judge(
        config,
        verdicts.Study(study.scale, table, comparisons, found, official, classes / classes.sum()),
    )
    write_csv(REPORTS / "comparison.csv", comparisons)
    content = {
        "regimes": [asdict(regime) for regime in found],
        "claims": [asdict(judgement) for judgement in judged],
    }
    write_json(REPORTS / "claims.json", content)

    names = short_names(list(study.arms), study.arms)
    claims = lines(content["claims"], config, names)
    introduced = [counts(content["claims"], config), reading(config, study.scale),
                  in_regimes(content["regimes"], names)]  # fmt: skip
    write_text(REPORTS / "claims.md", markdown(claims, introduced))
    arms = exports.arms(study, table, comparisons)
    write_text(TABLES / "arms.md", exports.arms_markdown(arms, study))
    write_text(TABLES / "arms.tex", exports.arms_latex(arms, study))
    write_text(TABLES / "claims.tex", exports.claims_latex(claims, study, config))

    labels = read_labels(study.seeds[0])
    densities = figure_tables.label_table(labels, data.digits)
    write_csv(TABLES / "labels.csv", densities)
    curves = read_csv(REPORTS / "curves.csv")
    for name in study.figures:
        figure = read_config(CONFIGS / "figures" / f"{name}.yaml", DeclaredFigure).figure
        folder = TABLES / name
        if figure.kind == "augmentation":
            write_bytes(folder / "data.npz", (SAMPLES / f"{name}.npz").read_bytes())
            continue
        if figure.kind == "curves":
            shown = figure_tables.curves_table(figure, curves, table)
            ended = figure_tables.curves_runs(figure, table, config)
            write_csv(folder / "runs.csv", ended)
        elif figure.kind == "architectures":
            # An arm's layers are the same with each seed.
            layers = {
                arm: read_csv(RUNS / f"{arm}-{study.seeds_of(arm)[0]}" / "layers.csv")
                for arm in figure.arms
            }
            shown = pd.concat(layers, names=["arm"]).reset_index("arm")
        elif figure.kind == "best":
            shown = figure_tables.best_table(figure, table)
        elif figure.kind == "forest":
            shown = figure_tables.forest_table(figure, comparisons, config)
        elif figure.kind == "ladder":
            own = table.assign(study="this study", images=table["train_images"])
            rungs = pd.concat([read_csv(EARLIER), own])
            shown = figure_tables.ladder_table(config, rungs)
            write_csv(folder / "runs.csv", figure_tables.ladder_runs(figure, config, rungs))
        else:
            shown = densities
        write_csv(folder / "data.csv", shown)
    ways = Counter(judgement.verdict for judgement in judged)
    told = ", ".join(f"{count} {verdict}" for verdict, count in ways.items())
    print(f"compare: {len(comparisons)} comparisons; {len(judged)} claims: {told}")


def read_labels(seed: int) -> dict[tuple[str, str], Labels]:
    """(data set, part) -> (n,) labels with this seed's split; no test part where it has none."""
    parts = {}
    for folder in sorted((SETS / "train").iterdir()):
        name, labels = folder.name, read_npy(folder / "labels.npy")
        training, validation = read_split(SPLIT / f"{seed}.npz", name)
        parts[name, "training"] = labels[training]
        parts[name, "validation"] = labels[validation]
        parts[name, "combined"] = labels
        test = SETS / "test" / name / "labels.npy"
        if test.exists():
            parts[name, "test"] = read_npy(test)
    return parts


if __name__ == "__main__":
    run("compare", main)

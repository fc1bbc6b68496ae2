"""Gathers every run of the study into metrics by arm and one table a figure."""

from pathlib import Path
from typing import Any

import pandas as pd

from ablation.base.arrays import read_npz, read_split
from ablation.base.cli import run
from ablation.base.files import (
    read_config,
    replacing,
    write_json,
    write_text,
)
from ablation.composition.config import DataConfig
from ablation.reporting import exports, summary
from ablation.reporting.answers import read_labels
from ablation.reporting.config import (
    ArchitecturesFigure,
    AugmentationFigure,
    BestFigure,
    CurvesFigure,
    ForestFigure,
)
from ablation.reporting.declared import read_figure, read_index
from ablation.reporting.results import read_claims, read_judged
from ablation.reporting.tables import read_comparisons, read_csv, read_history
from ablation.reporting.verdict_table import lines
from ablation.statistics.config import ClaimsConfig
from ablation.study.config import StudyConfig

FIGURES = Path("configs/figures")
HISTORIES, EVALUATIONS = Path("models/histories"), Path("models/evaluations")
SAMPLES, SETS, REPORTS = Path("data/samples"), Path("data/sets"), Path("reports")


def main() -> None:
    study = read_config(Path("configs/study.yaml"), StudyConfig)
    data = read_config(Path("configs/data.yaml"), DataConfig)
    claims = read_config(Path("configs/claims.yaml"), ClaimsConfig)
    comparisons = read_comparisons(
        REPORTS / "comparison.csv", len(claims.pairs), claims.statistics.metrics
    )
    labels = _labels(study.seeds[0])
    # The runs come from the configuration: a removed arm's files may still lie about.
    rows, curves = [], []
    for arm, seed in study.runs:
        key = f"{arm}-{seed}"
        trained, evaluated = (study.stage(stage, arm, seed) for stage in ("train", "evaluate"))
        history = read_history(HISTORIES / key, claims.arms[arm].epochs, trained)
        labelled = (study.data_sets[arm], "test") in labels
        judged = read_judged(EVALUATIONS / key / "metrics.json", evaluated, labelled)
        layers = read_csv(
            HISTORIES / key / "layers.csv", trained, ("layer", "parameters"), ("layer",)
        )
        row = summary.run_row(history, judged, claims.arms[arm], int(layers["parameters"].sum()))
        rows.append({"arm": arm, "seed": seed, **row})
        curves.append(history.assign(arm=arm, seed=seed))
    runs, all_curves = pd.DataFrame(rows), pd.concat(curves)
    all_curves = all_curves[["arm", "seed", "epoch", "metric", "value"]]

    metrics = summary.by_arm(runs)
    failed = {arm: {"failed": each.end} for arm, each in study.failed.items()}
    write_json(REPORTS / "metrics.json", metrics | failed)
    # A file an arm: DVC shows a file as a row, and all arms in one file would be one long row.
    for arm, accuracies in summary.headline(metrics).items():
        write_json(REPORTS / "headline" / f"{arm}.json", accuracies)
    _write_csv(REPORTS / "runs.csv", runs)
    _write_csv(REPORTS / "curves.csv", all_curves[all_curves["metric"].isin(summary.CURVES)])
    majority = {
        arm: summary.majority_share(labels[data_set, "validation"])
        for arm, data_set in study.data_sets.items()
    }
    _write_csv(REPORTS / "tables" / "labels.csv", summary.label_table(labels, data.digits))
    head, arm_rows = exports.arms(study, runs, comparisons)
    write_text(REPORTS / "tables/arms.tex", exports.arms_latex(head, arm_rows, study))
    write_text(REPORTS / "tables/arms.md", exports.arms_markdown(head, arm_rows, study))
    found = read_claims(REPORTS / "claims.json", claims.claims)
    judged_claims = lines(found, claims, study.arms)
    write_text(REPORTS / "tables/claims.tex", exports.claims(judged_claims, study, claims))
    for name in read_index(FIGURES):
        figure = read_figure(FIGURES / f"{name}.yaml").figure
        folder = REPORTS / "tables" / name
        if isinstance(figure, AugmentationFigure):
            read_npz(SAMPLES / f"{name}.npz")  # whole, or refused
            with replacing(folder / "data.npz") as temporary:
                temporary.write_bytes((SAMPLES / f"{name}.npz").read_bytes())
            continue
        if isinstance(figure, CurvesFigure):
            table = summary.curves_table(figure, all_curves, majority)
            ended = summary.curves_runs(figure, runs, majority, comparisons, claims)
            _write_csv(folder / "runs.csv", ended)
        elif isinstance(figure, ArchitecturesFigure):
            networks = {arm: _layers(study, arm) for arm in figure.arms}
            table = summary.architectures_table(figure, networks)
        elif isinstance(figure, BestFigure):
            table = summary.best_table(figure, runs, comparisons)
        elif isinstance(figure, ForestFigure):
            table = summary.forest_table(figure, comparisons, claims)
        else:
            table = summary.label_table(labels, data.digits)
        _write_csv(folder / "data.csv", table)
    print(f"summarize: {len(runs)} runs of {len(study.arms)} arms")


def _layers(study: StudyConfig, arm: str) -> pd.DataFrame:
    """The layers of an arm's network, which are the same with each seed."""
    seed = study.seeds_of(arm)[0]
    path = HISTORIES / f"{arm}-{seed}" / "layers.csv"
    return read_csv(path, study.stage("train", arm, seed))


def _labels(seed: int) -> dict[tuple[str, str], Any]:
    parts = {}
    for name in ("modified", "mnist"):
        labels = read_labels(SETS / "train" / name / "labels.npy")
        training, validation = read_split(Path(f"data/split/{seed}.npz"), name)
        parts[name, "training"] = labels[training]
        parts[name, "validation"] = labels[validation]
        parts[name, "combined"] = labels
        test = SETS / "test" / name / "labels.npy"
        if test.exists():
            parts[name, "test"] = read_labels(test)
    return parts


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g")


if __name__ == "__main__":
    run("summarize", main)

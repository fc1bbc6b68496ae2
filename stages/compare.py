"""Compares arms over the seeds and holds the paper's claims against the runs."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from ablation.base.cli import run
from ablation.base.files import read_config, read_json, replacing, write_json, write_text
from ablation.reporting.claims import introduction, markdown
from ablation.statistics import claims
from ablation.statistics.comparison import Runs, compare
from ablation.statistics.config import ClaimsConfig
from ablation.statistics.run_metrics import Run
from ablation.statistics.variance import mcnemar
from ablation.study.config import StudyConfig

CONFIGS, REPORTS, SETS = Path("configs"), Path("reports"), Path("data/sets")
HISTORIES, EVALUATIONS = Path("models/histories"), Path("models/evaluations")
IMAGES_COLUMNS = ("first", "second", "seed", "images", "only_first", "only_second", "p")


def main() -> None:
    study = read_config(CONFIGS / "study.yaml", StudyConfig)
    config = read_config(CONFIGS / "claims.yaml", ClaimsConfig)
    runs = {(arm, seed): _run(f"{arm}-{seed}") for arm, seed in study.runs}
    comparisons = compare(config, runs, study.baseline, study.data_sets)
    judged = claims.judge(
        config,
        claims.Study(
            scale=study.scale,
            runs=runs,
            comparisons=comparisons,
            labels=_label_counts("modified"),
            classes=_label_counts("mnist") / _label_counts("mnist").sum(),
        ),
    )
    _write_csv(REPORTS / "comparison.csv", comparisons)
    _write_csv(REPORTS / "images_test.csv", _images_test(study, config, runs))
    content = [asdict(judgement) for judgement in judged]
    write_json(REPORTS / "claims.json", content)
    write_text(
        REPORTS / "claims.md",
        markdown(content, introduction(len(study.seeds), study.scale, config.statistics.margin)),
    )
    counts = {
        verdict: sum(judgement.verdict.startswith(verdict) for judgement in judged)
        for verdict in (claims.HOLDS, claims.FAILS, claims.UNDECIDED)
    }
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    print(f"compare: {len(comparisons)} comparisons; {len(judged)} claims: {told}")


def _run(key: str) -> Run:
    history = pd.read_csv(HISTORIES / key / "history.csv").sort_values("epoch")
    curves = {str(name): rows["value"].to_numpy() for name, rows in history.groupby("metric")}
    return Run(read_json(EVALUATIONS / key / "metrics.json"), curves)


def _label_counts(name: str) -> np.ndarray:
    return np.bincount(np.load(SETS / "train" / name / "labels.npy"), minlength=10)


def _images_test(study: StudyConfig, config: ClaimsConfig, runs: Runs) -> pd.DataFrame:
    """McNemar's test of the two named arms, a row a seed; none where test images lack labels."""
    first, second = config.statistics.images_test
    rows = []
    for seed in study.seeds:
        if any(runs[arm, seed].judged.get("test_accuracy") is None for arm in (first, second)):
            continue
        labels = np.load(SETS / "test" / study.data_sets[first] / "labels.npy")
        found = mcnemar(*(_predictions(f"{arm}-{seed}") == labels for arm in (first, second)))
        rows.append({"first": first, "second": second, "seed": seed, **asdict(found)})
    return pd.DataFrame(rows, columns=list(IMAGES_COLUMNS))


def _predictions(key: str) -> np.ndarray:
    with np.load(EVALUATIONS / key / "predictions.npz") as predictions:
        labels: np.ndarray = predictions["test"]
    return labels


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g")


if __name__ == "__main__":
    run("compare", main)

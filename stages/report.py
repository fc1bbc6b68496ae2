"""Writes the report: one page with every number and figure of the study."""

from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from ablation.base.cli import run
from ablation.base.files import read_config, read_json, read_yaml, write_text
from ablation.composition.config import DataConfig
from ablation.reporting import captions
from ablation.reporting.captions.curves import majority_shares
from ablation.reporting.captions.data_check import data_check
from ablation.reporting.captions.verdicts import verdicts
from ablation.reporting.config import CurvesFigure, FigureConfig
from ablation.reporting.metrics_table import with_pace
from ablation.reporting.report import Illustration, render
from ablation.statistics.config import ClaimsConfig
from ablation.study.config import StudyConfig

CONFIGS, REPORTS = Path("configs"), Path("reports")


def main() -> None:
    study = read_config(CONFIGS / "study.yaml", StudyConfig)
    data = read_config(CONFIGS / "data.yaml", DataConfig)
    illustrations: list[Illustration] = []
    majority: dict[str, float] = {}
    for name in read_yaml(CONFIGS / "figures" / "index.yaml"):
        content = read_yaml(CONFIGS / "figures" / f"{name}.yaml")
        figure: Any = TypeAdapter(FigureConfig).validate_python(content["figure"])
        folder = REPORTS / "tables" / name
        if isinstance(figure, CurvesFigure):
            majority |= majority_shares(folder)
        text = captions.caption(figure, content["labels"], folder)
        table = "data.npz" if figure.kind == "augmentation" else "data.csv"
        illustrations.append(Illustration(name, figure, text, f"tables/{name}/{table}"))
    provenance = read_json(REPORTS / "provenance.json")
    metrics = with_pace(read_json(REPORTS / "metrics.json"), study, provenance)
    checked = data_check(read_json(REPORTS / "data_check.json"))
    compared = verdicts(
        study,
        read_config(CONFIGS / "claims.yaml", ClaimsConfig),
        pd.read_csv(REPORTS / "comparison.csv"),
        pd.read_csv(REPORTS / "images_test.csv"),
        read_json(REPORTS / "claims.json"),
    )
    page = render(study, data, metrics, illustrations, majority, checked, compared)
    write_text(REPORTS / "report.html", page)
    print(f"report: {len(study.arms)} arms, {len(illustrations)} figures, reports/report.html")


if __name__ == "__main__":
    run("report", main)

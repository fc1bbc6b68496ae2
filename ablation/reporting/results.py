"""What the stages say of the runs, read whole: metrics, records, claims and the table of runs.

Each reader holds the content against what the study says must be there, so that what comes after
can rely on it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from ablation.base.errors import UserError, brief
from ablation.base.files import read_json
from ablation.base.reading import refusing
from ablation.reporting.figure_tables import PARTS
from ablation.reporting.tables import read_csv
from ablation.statistics.verdicts import Judgement


@dataclass(frozen=True)
class Circumstances:
    """What the page tells of how a run was trained, among other things."""

    commit: str | None
    processor: str
    device: str
    python: str
    packages: dict[str, str]
    threads: int
    seconds: float
    images_per_second: float


ACCURACIES = ("train_accuracy", "validation_accuracy")
COUNTS = ("train_images", "validation_images")
TESTED = ("test_accuracy", "test_images", "test_macro_f1")


def read_runs(path: Path, runs: Collection[tuple[str, int]]) -> pd.DataFrame:
    """runs.csv: a row for each run (arm, seed) of the study, and no other.

    Raises:
        UserError: the file is damaged, a run is missing, or an accuracy is no share of images.
    """
    measured = [f"{part}_{what}" for part in PARTS.values() for what in ("accuracy", "images")]
    table = read_csv(path, "summarize", ["arm", "seed", *measured], ("arm", "seed"))
    with refusing(path, "table of runs", "summarize"):
        found = list(zip(table["arm"], table["seed"], strict=True))
        if len(found) != len(runs) or set(found) != set(runs):
            raise UserError(f"has {len(found)} runs that are not the study's {len(runs)}")
        for part in PARTS.values():
            # Test images may have no labels.
            shown = table[table[f"{part}_accuracy"].notna()] if part == "test" else table
            if not shown[f"{part}_accuracy"].between(0, 1).all():
                raise UserError(f"has a {part}_accuracy that is no share")
            images = shown[f"{part}_images"]
            if not ((images >= 1) & (images % 1 == 0)).all():
                raise UserError(f"has {part}_images that are no number of images")
    return table


def read_judged(path: Path, made_by: str, labels: bool) -> dict[str, Any]:
    """The metrics of a run as `evaluate` left them: numbers, shares where they are accuracies.

    Args:
        labels: whether the test images have labels, so that there is an accuracy on them.

    Raises:
        UserError: the file is damaged, or a metric is missing or none.
    """
    judged = read_json(path)
    with refusing(path, "set of metrics", made_by):
        if not isinstance(judged, dict):
            raise UserError(f"is no set of metrics: {brief(judged)}")
        for name in (*ACCURACIES, *COUNTS, *(TESTED if labels else ()), *judged):
            value = judged[name]
            number = isinstance(value, int | float) and not isinstance(value, bool)
            most = float("inf") if name.endswith("_images") else 1.0
            if not number or not 0 <= value <= most or value == float("inf"):
                raise UserError(f"has the {brief(name)} {brief(value)}")
    return judged


def read_metrics(path: Path, arms: Collection[str]) -> dict[str, dict[str, float]]:
    """metrics.json of these arms: metric -> mean over the seeds.

    Raises:
        UserError: the file is damaged, an arm is missing, or a metric is no number.
    """
    content = read_json(path)
    with refusing(path, "set of metrics", "summarize"):
        found = {arm: dict(content[arm]) for arm in arms}
        for arm, metrics in found.items():
            for name, value in metrics.items():
                if isinstance(value, bool) or not isinstance(value, int | float):
                    raise UserError(f"has the {brief(name)} {brief(value)} of {arm}")
    return found


def read_records(path: Path) -> dict[str, dict[str, Any]]:
    """provenance.json: the record of each run; one without `seconds` tells nothing.

    Raises:
        UserError: the file is damaged, or a record lacks what every other has.
    """
    content = read_json(path)
    with refusing(path, "set of records", "provenance"):
        records = TypeAdapter(dict[str, dict[str, Any]]).validate_python(content)
        for record in records.values():
            if "seconds" in record:
                TypeAdapter(Circumstances).validate_python(record)
    return records


def read_claims(path: Path, claims: Collection[str]) -> list[dict[str, Any]]:
    """claims.json: what was found of each claim, in their order.

    Raises:
        UserError: the file is damaged, or of other claims.
    """
    content = read_json(path)
    with refusing(path, "list of claims", "compare"):
        judged = TypeAdapter(list[Judgement]).validate_python(content)
        if [one.claim for one in judged] != list(claims):
            raise UserError("is not of the study's claims")
        return [asdict(one) for one in judged]

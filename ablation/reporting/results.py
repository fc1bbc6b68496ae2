"""What the stages left of each run, read whole: its answers, its metrics, and the table of runs.

Each reader holds the content against what the study says must be there, so that what comes after
can rely on it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import TypeAdapter

from ablation.base.arrays import read_npy, read_npz
from ablation.base.errors import UserError, brief
from ablation.base.files import read_json
from ablation.base.reading import refusing
from ablation.reporting.tables import read_csv
from ablation.statistics.claims import Judgement


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


LABELS = 10
ACCURACIES = ("train_accuracy", "validation_accuracy")
COUNTS = ("train_images", "validation_images")


def read_runs(path: Path, runs: Collection[tuple[str, int]]) -> pd.DataFrame:
    """runs.csv: a row for each run (arm, seed) of the study, and no other.

    Raises:
        UserError: the file is damaged, a run is missing, or an accuracy is no share.
    """
    table = read_csv(path, "summarize", ("arm", "seed", *ACCURACIES))
    with refusing(path, "table of runs", "summarize"):
        found = list(zip(table["arm"], table["seed"], strict=True))
        if len(found) != len(runs) or set(found) != set(runs):
            raise UserError(f"has {len(found)} runs that are not the study's {len(runs)}")
        for name in ACCURACIES:
            if not table[name].between(0, 1).all():
                raise UserError(f"has a {name} that is no share")
    return table


def read_judged(path: Path, made_by: str) -> dict[str, Any]:
    """The metrics of a run as `evaluate` left them: numbers, shares where they are accuracies.

    Raises:
        UserError: the file is damaged, or a metric is missing or none.
    """
    judged = read_json(path, made_by)
    with refusing(path, "set of metrics", made_by):
        if not isinstance(judged, dict):
            raise UserError(f"is no set of metrics: {brief(judged)}")
        for name in (*ACCURACIES, *COUNTS, *judged):
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
    content = read_json(path, "summarize")
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
    content = read_json(path, "provenance")
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
    content = read_json(path, "compare")
    with refusing(path, "list of claims", "compare"):
        judged = TypeAdapter(list[Judgement]).validate_python(content)
        if [one.claim for one in judged] != list(claims):
            raise UserError("is not of the study's claims")
        return [asdict(one) for one in judged]


def read_answers(
    path: Path, images: int | None, made_by: str, probabilities: bool = False
) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """What a network says of the test images.

    Args:
        images: how many there are, where that is known.
        probabilities: whether these are read too.

    Returns:
        Its labels (n,), 0 to 9, and the probabilities (n, 10), or (0, 10) where they are not read.

    Raises:
        UserError: the file is damaged, or of other images.
    """
    names = ["test", "test_probabilities"] if probabilities else ["test"]
    arrays = read_npz(path, made_by, names)
    with refusing(path, "set of answers", made_by):
        said, sure = arrays["test"], arrays.get("test_probabilities", np.zeros((0, LABELS)))
        if said.dtype != np.uint8 or said.ndim != 1 or (said >= LABELS).any():
            raise UserError(
                f"holds {said.dtype} {said.shape}, not labels (n,) uint8 below {LABELS}"
            )
        if images is not None and len(said) != images:
            raise UserError(f"answers {len(said)} images of {images}")
        if probabilities and (
            sure.dtype.kind != "f" or sure.shape != (len(said), LABELS) or not _shares(sure)
        ):
            raise UserError(f"holds {sure.dtype} {sure.shape}, not probabilities (n, {LABELS})")
    return said, sure


def read_labels(path: Path) -> NDArray[np.uint8]:
    """The labels (n,) uint8 of a data set, 0 to 9.

    Raises:
        UserError: the file is damaged, or holds anything else.
    """
    labels = read_npy(path, "preprocess")
    with refusing(path, "set of labels", "preprocess"):
        whole = labels.dtype == np.uint8 and labels.ndim == 1 and len(labels) > 0
        if not whole or (labels >= LABELS).any():
            raise UserError(f"holds {labels.dtype} {labels.shape}, not labels (n,) uint8 below 10")
    return labels


def read_composed(
    path: Path, images: int, families: int, corners: bool = False
) -> dict[str, NDArray[Any]]:
    """How composed images came to be: families (n,), digit_labels (n, k) and corners (n, k, 2).

    Args:
        images: how many there are.
        families: how many families of backgrounds.
        corners: whether these are read too.

    Raises:
        UserError: the file is damaged, or of other images.
    """
    shapes = {"families": (1, families), "digit_labels": (2, LABELS), "corners": (3, 1 << 15)}
    names = [name for name in shapes if corners or name != "corners"]
    arrays = read_npz(path, "preprocess", names)
    with refusing(path, "record of composing", "preprocess"):
        for name, array in arrays.items():
            sides, below = shapes[name]
            if array.dtype.kind not in "iu" or array.ndim != sides or len(array) != images:
                raise UserError(f"holds {name} {array.dtype} {array.shape}, not of {images} images")
            if ((array < 0) | (array >= below)).any():
                raise UserError(f"holds {name} that are not from 0 to {below - 1}")
    return arrays


def _shares(values: NDArray[Any]) -> bool:
    """Whether all lie from 0 to 1, or all of a row are no number, as a diverged network's are."""
    whole = np.isnan(values).all(axis=1)
    return bool(((values[~whole] >= 0) & (values[~whole] <= 1)).all())

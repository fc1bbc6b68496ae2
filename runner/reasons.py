"""Why runs train, and for how long: from the records of those that trained before."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from ablation.base.files import read_json, read_yaml
from ablation.monitoring.provenance import processor
from ablation.study.config import StudyConfig
from runner.jobs import Job
from runner.params import leaves

RECORDS, ARMS = Path("models/provenance"), Path("configs/arms")
# Training multiplies and adds about three times what a forward pass does: forward, and backward
# once for the inputs and once for the weights of each layer.
PASSES = 3
# Multiply-adds a second of one thread in training, measured at laptop scale on an EPYC with AVX-512:
# the baseline makes 3.5e10, raw VGG-16 4.7e10. Other processors differ up to fourfold.
RATE = 4e10
FIXED = 20.0  # seconds that a run takes beside its training: start, compiling, answers
MOST_TOLD = 4  # changes that are named


def work(study: StudyConfig, arm: str) -> float:
    """The multiply-adds of one run's forward passes."""
    return float(study.multiply_adds[arm] * _images(_arm(arm)))


def seconds(keys: Sequence[str], work: Mapping[str, float]) -> dict[str, float]:
    """How long each run takes on this processor.

    As long as runs of the same arm took on one of the same name, by the images that they see; where
    none has, by its work and a measured rate.
    """
    here, known = processor(), {}
    for path in RECORDS.glob("*.json"):
        record, arm = read_json(path), path.stem.rpartition("-")[0]
        alike = (ARMS / f"{arm}.yaml").exists() and _network(record["arm"]) == _network(_arm(arm))
        if alike and (record["processor"], record["device"]) == (here, "cpu"):
            pace = record["seconds"] / _images(record["arm"])
            known.setdefault(arm, []).append(pace * _images(_arm(arm)))
    return {
        key: FIXED + median(known.get(key.rpartition("-")[0], [PASSES * work[key] / RATE]))
        for key in keys
    }


def told(jobs: Sequence[Job], stale: Mapping[str, Sequence[Any]]) -> str:
    """What changed, most runs first: `ablation/training/loop.py (6 runs); seeds 30, 31 are new`."""
    found: Counter[str] = Counter()
    for job in jobs:
        record = RECORDS / f"{job.key}.json"
        if not record.exists():
            found["never trained here"] += 1
            continue
        for reason in _of_run(job, read_json(record), stale[job.stage]):
            found[reason] += 1
    parts = [
        f"{reason} ({count} run{'s' if count > 1 else ''})"
        for reason, count in found.most_common(MOST_TOLD)
    ]
    more = len(found) - len(parts)
    return "; ".join([*parts, f"and {more} more"] if more > 0 else parts)


def _of_run(job: Job, record: Mapping[str, Any], changes: Sequence[Any]) -> list[str]:
    """What changed since a run trained.

    Args:
        record: of its training.
        changes: as `dvc status` says it, by folder where a stage depends on one.
    """
    config = ARMS / f"{job.key.rpartition('-')[0]}.yaml"
    reasons = []
    for change in changes:
        if not isinstance(change, dict):
            reasons.append(str(change))  # `changed command`
            continue
        for path, state in change.get("changed outs", {}).items():
            reasons.append(f"{Path(path).parent} {state}")
        for path in change.get("changed deps", {}):
            if path == config.as_posix():
                old, new = dict(leaves(record["arm"])), dict(leaves(read_yaml(config)))
                keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
                reasons.append(f"{path}: {', '.join(keys)}")
            else:
                inside = [
                    name
                    for name, digest in record["inputs"].items()
                    if Path(name).is_relative_to(path) and _digest(name) != digest
                ]
                reasons += inside or [path]
    return reasons


@cache
def _arm(arm: str) -> dict[str, Any]:
    return read_yaml(ARMS / f"{arm}.yaml")


def _images(arm: Mapping[str, Any]) -> int:
    return arm["train"]["epochs"] * arm["train"]["images_per_epoch"]


def _network(arm: Mapping[str, Any]) -> list[Any]:
    """What an image's time depends on."""
    return [arm.get(key) for key in ("image_size", "precision", "input", "model")]


@cache
def _digest(name: str) -> str | None:
    path = Path(name)
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

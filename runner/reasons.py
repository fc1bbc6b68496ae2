"""Why runs train, and for how long: from the records of those that trained before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from ablation.base.files import read_json, read_yaml
from ablation.monitoring.provenance import processor
from ablation.study.config import StudyConfig
from ablation.training.inputs import Inputs
from runner.jobs import Job
from runner.params import leaves

RECORDS, NETWORKS, ARMS = (
    Path(name) for name in ("models/provenance", "models/networks", "configs/arms")
)
# Training multiplies and adds about three times what a forward pass does: forward, and backward
# once for the inputs and once for the weights of each layer.
PASSES = 3
# Multiply-adds a second of one thread in training, measured at laptop scale on an EPYC with
# AVX-512: the baseline makes 3.5e10, raw VGG-16 4.7e10. Other processors differ up to fourfold.
RATE = 4e10
FIXED = 20.0  # seconds that a run takes beside its training: start, compiling, answers
MOST_TOLD = 4  # changes that are named


@dataclass(frozen=True)
class Plan:
    """What is known of runs before they train.

    Attributes:
        seconds: run -> about how long it takes on this processor.
        trained: how many have a network here, which only answers again.
        changed: what changed since they trained, in words.
    """

    seconds: dict[str, float]
    trained: int
    changed: str


def work(study: StudyConfig, arm: str) -> float:
    """The multiply-adds of one run's forward passes."""
    return float(study.multiply_adds[arm] * _images(_arm(arm)))


def plan(
    jobs: Sequence[Job], stale: Mapping[str, Sequence[Any]], work: Mapping[str, float]
) -> Plan:
    """What these runs are to be trained for, and for how long.

    A run takes as long as runs of the same arm took on a processor of the same name, by the images
    that it sees; where none has trained, as its work says at a measured rate.

    Args:
        stale: stage -> what changed of it, as `dvc status` says.
        work: run -> multiply-adds.
    """
    records = {path.stem: read_json(path) for path in RECORDS.glob("*.json")}
    pace = _pace(records)
    seconds, found, trained = {}, Counter[str](), 0
    for job in jobs:
        arm = job.key.rpartition("-")[0]
        training = pace[arm] * _images(_arm(arm)) if arm in pace else PASSES * work[job.key] / RATE
        reasons, judged = [f"{arm} is new here"], []
        if record := records.get(job.key):
            reasons, judged = _changes(job, record, stale[job.stage])
        if not reasons and network(job.key):
            training, trained = 0.0, trained + 1
        seconds[job.key] = FIXED + training
        found.update(reasons or judged)
    told = [
        f"{reason} ({count} run{'s' if count > 1 else ''})"
        for reason, count in found.most_common(MOST_TOLD)
    ]
    more = len(found) - len(told)
    return Plan(seconds, trained, "; ".join(told + [f"{more} more"] * (more > 0)))


def network(key: str) -> Path | None:
    """The network of a run's results, where it is here."""
    record = read_json(RECORDS / f"{key}.json")
    for path in NETWORKS.glob(f"{key}/*/provenance.json"):
        if read_json(path) == record:
            return path.with_name("network.keras")
    return None


def _pace(records: Mapping[str, Any]) -> dict[str, float]:
    """Arm -> seconds an image on this processor, of the arms whose network is what it was."""
    found: dict[str, list[float]] = {}
    for key, record in records.items():
        arm, before = key.rpartition("-")[0], record["arm"]
        on_this = (record["processor"], record["device"]) == (processor(), "cpu")
        if on_this and (ARMS / f"{arm}.yaml").exists() and _network(before) == _network(_arm(arm)):
            found.setdefault(arm, []).append(record["seconds"] / _images(before))
    return {arm: median(paces) for arm, paces in found.items()}


def _changes(
    job: Job, record: Mapping[str, Any], changes: Sequence[Any]
) -> tuple[list[str], list[str]]:
    """What changed of that which the run was trained on, and of what it is judged by.

    DVC names whole folders; the record has the digest of each file that training depends on.
    """
    training, judging = [], []
    for change in changes:
        if not isinstance(change, dict):
            judging.append(str(change))  # `changed command`
            continue
        judging += [f"{path} is {state}" for path, state in change.get("changed outs", {}).items()]
        for path in change.get("changed deps", {}):
            before = {
                name: digest
                for name, digest in record["inputs"].items()
                if Path(name).is_relative_to(path)
            }
            now = _digests(path)
            # Files of data that are more are of test sets, on which nothing trains.
            new = [name for name in now if before and name not in before and name.endswith(".py")]
            differing = [name for name in before if now.get(name) != before[name]]
            if path == f"configs/arms/{job.key.rpartition('-')[0]}.yaml" and differing:
                old, arm = dict(leaves(record["arm"])), dict(leaves(read_yaml(Path(path))))
                keys = [key for key in {**old, **arm} if old.get(key) != arm.get(key)]
                differing = [f"{path}: {', '.join(keys)}"]
            training += differing + new
            if not differing and not new:
                judging.append(path)
    return training, judging


@cache
def _arm(arm: str) -> dict[str, Any]:
    return read_yaml(ARMS / f"{arm}.yaml")


def _images(arm: Mapping[str, Any]) -> int:
    return arm["train"]["epochs"] * arm["train"]["images_per_epoch"]


def _network(arm: Mapping[str, Any]) -> list[Any]:
    """What the time that an image takes depends on."""
    return [arm.get(key) for key in ("image_size", "precision", "input", "model")]


@cache
def _digests(path: str) -> dict[str, str]:
    return Inputs([Path(path)]).digests if Path(path).exists() else {}

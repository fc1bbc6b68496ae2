"""Why runs train and how long that takes, from the records of earlier runs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from ablation.base.errors import UserError
from ablation.base.files import read_json, read_yaml
from ablation.monitoring.provenance import processor, read_committed
from ablation.study.config import StudyConfig
from ablation.training.inputs import Inputs, dependencies, identity
from runner.jobs import Job
from stages.train import JUDGING

RUNS, RECORDS, NETWORKS = (Path("models") / name for name in ("runs", "provenance", "networks"))
# Training multiplies and adds about three times what a forward pass does: forward, and backward
# once for the inputs and once for the weights of each layer.
PASSES = 3
# Multiply-adds a second of one thread in training, measured at laptop scale on an EPYC with
# AVX-512: the baseline makes 3.5e10, raw VGG-16 4.7e10. Other processors differ up to fourfold.
RATE = 4e10
FIXED = 20.0  # seconds that a run takes beside its training: start, compiling, answers
PROBE = 0.5  # seconds that a processor is asked for, to see how busy it is
MOST_TOLD = 4  # changes that are named


@dataclass(frozen=True)
class Plan:
    """What is known of runs before they train.

    Attributes:
        seconds: run -> about how long it takes on this processor.
        trained: how many do not train: their network is here, or their results are committed.
        changed: what of the others changed since they trained, in words.
    """

    seconds: dict[str, float]
    trained: int
    changed: str


def work(study: StudyConfig, arm: str) -> float:
    """The multiply-adds of one run's forward passes."""
    return float(study.multiply_adds[arm] * _images(_arm(arm)))


def plan(jobs: Sequence[Job], work: Mapping[str, float]) -> Plan:
    """Why these runs are to be trained, and for how long.

    A run takes as long as runs of the same arm took on a processor of the same name, by the images
    that it sees; where none has trained, as its `work` says at a measured rate.
    """
    pace, found = _pace(), Counter[str]()
    paths = [path.as_posix() for path in dependencies(Path("dvc.yaml"), "train", {})]
    seconds: dict[str, float] = {}
    for job in jobs:
        arm, _, seed = job.key.rpartition("-")
        own = [path.replace("${item.arm}", arm).replace("${item.seed}", seed) for path in paths]
        inputs = {name: digest for path in own for name, digest in _digests(path).items()}
        training = {name: inputs[name] for name in inputs if not name.startswith(JUDGING)}
        committed = read_committed(RUNS / job.key, RECORDS / f"{job.key}.json")
        here = NETWORKS.glob(f"{job.key}/{identity(training)}-*/network.keras")
        seconds[job.key] = FIXED
        if any(here) or (committed and committed.made_of(inputs)):
            continue
        seconds[job.key] += (
            pace[arm] * _images(_arm(arm)) if arm in pace else PASSES * work[job.key] / RATE
        )
        changes = committed.differences(_arm(arm), inputs) if committed else ["not in git yet"]
        found.update(changes)
    told = [
        f"{change} ({count} run{'s' if count > 1 else ''})"
        for change, count in found.most_common(MOST_TOLD)
    ]
    more = [f"and {len(found) - MOST_TOLD} more"] if len(found) > MOST_TOLD else []
    trained = sum(taken == FIXED for taken in seconds.values())
    return Plan(seconds, trained, "; ".join(told + more))


def slower(places: int) -> float:
    """How many times as long so many runs take, beside what else this machine computes now."""
    with ProcessPoolExecutor(places) as pool:
        shares = list(pool.map(_share, [PROBE] * places))
    return max(1.0, places / sum(shares))


def _share(seconds: float) -> float:
    """How much of a core a process gets that computes for so long, 0..1."""
    start, used = time.perf_counter(), time.process_time()
    while time.perf_counter() < start + seconds:
        pass
    return (time.process_time() - used) / (time.perf_counter() - start)


def network(key: str) -> Path | None:
    """The network that a run's results are of, where it is here."""
    for path in NETWORKS.glob(f"{key}/*/network.keras"):
        record = read_json(RECORDS / f"{key}.json")
        if read_json(path.with_name("record.json")).items() <= record.items():
            return path
    return None


def changed(key: str, made_of: Mapping[str, str]) -> str | None:
    """The first file that is not as a run was made of it (path -> digest); None where all are."""
    arm, _, seed = key.rpartition("-")
    now = Inputs(dependencies(Path("dvc.yaml"), "train", {"arm": arm, "seed": seed})).digests
    paths = sorted({**now, **made_of})
    return next((path for path in paths if now.get(path) != made_of.get(path)), None)


def _pace() -> dict[str, float]:
    """Arm -> seconds an image on this processor, of the arms whose network is what it was."""
    found: dict[str, list[float]] = {}
    for path in RECORDS.glob("*.json"):
        arm = path.stem.rpartition("-")[0]
        if not Path(f"configs/arms/{arm}.yaml").exists():
            continue
        parts = ("image_size", "precision", "input", "model")
        try:
            record = read_json(path)
            same = all(record["arm"].get(part) == _arm(arm).get(part) for part in parts)
            if same and (record["processor"], record["device"]) == (processor(), "cpu"):
                found.setdefault(arm, []).append(record["seconds"] / _images(record["arm"]))
        except (UserError, OSError, KeyError, TypeError):  # the stage makes the record again
            continue
    return {arm: median(paces) for arm, paces in found.items()}


def _images(arm: Mapping[str, Any]) -> int:
    return arm["train"]["epochs"] * arm["train"]["images_per_epoch"]


@cache
def _arm(arm: str) -> dict[str, Any]:
    return read_yaml(Path(f"configs/arms/{arm}.yaml"))


@cache
def _digests(path: str) -> dict[str, str]:
    """Of the files that a run depends on; each is read once for all runs."""
    return Inputs([Path(path)]).digests

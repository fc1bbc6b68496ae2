"""Trains one run again and holds it against the shipped one: `python -m runner.verify [--run RUN]`.

`make verify` calls it. The run trains in a temporary copy, so models/ and dvc.lock stay as they
are. On the same kind of processor with the same libraries every file must be the same to the byte.
Elsewhere sums are rounded otherwise and a run ends elsewhere, as if its seed were another: then its
accuracies must lie where those of a further seed would. The exit status is 1 where they do not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ablation.base.errors import UserError
from ablation.base.files import read_config, read_json
from ablation.monitoring.progress import duration
from ablation.study.config import StudyConfig
from runner import gpus, lock, pool, safeguard, store
from runner.check import copied
from runner.estimate import cost, hours_on_processor
from runner.graph import STAGES, StudyError
from runner.keep import GATHERED
from runner.lock import Run
from runner.restore import Here
from runner.store import Objects, Place

STUDY = Path("configs/study.yaml")
COMPARED = ("validation_accuracy", "test_accuracy")
CONFIDENCE = 0.99  # of the interval in which a further seed's accuracy is expected


@dataclass(frozen=True)
class Verdict:
    """Whether a run holds, and the sentence that says so."""

    holds: bool
    told: str


def main() -> int:
    pool.stop_on_signals()
    parser = argparse.ArgumentParser(prog="python -m runner.verify", description=__doc__)
    parser.add_argument("--run", help="ARM-SEED (default: the run that takes the least time)")
    options = parser.parse_args()
    safeguard.at_start()
    study = read_study()
    keys = [f"{arm}-{seed}" for arm, seed in study.runs]
    cheapest = min(study.arms, key=lambda arm: cost(study, arm))
    key = options.run or f"{cheapest}-{study.seeds_of(cheapest)[0]}"
    if key not in keys:
        raise StudyError(f"RUN is {key!r}; allowed: ARM-SEED, {keys[0]} to {keys[-1]}")
    with store.opened() as repo:
        here = Here(repo)
        shipped = {r.key: r for r in here.chosen(lock.read(here.place.lock), trained_here=False)}
    if key not in shipped:
        raise StudyError(
            f"there is nothing to hold {key} against: its results are not in the repository, or of "
            "other code, settings or images; `make check` says which"
        )
    arm = key.rpartition("-")[0]
    records = read_json(GATHERED) if GATHERED.exists() else {}
    record = records.get(key, {})
    seconds = record.get("seconds", 3600 * hours_on_processor([cost(study, arm)], 1))
    on = f" on {record['processor']}" if "processor" in record else " by the work in it"
    print(f"training {key} again, beside the study; it took {duration(seconds)}{on}", flush=True)
    with copied(Path.cwd()) as folder:
        made = train(folder, key)
        others = differing(here.place, shipped[key], folder)
        judged = read_json(folder / "models" / "evaluations" / key / "metrics.json")
        seeds = [run for run in shipped.values() if run.key.rpartition("-")[0] == arm]
        accuracies = [metrics(here.place, run) for run in seeds]
    verdict = judge(key, others, judged, accuracies, kinds(record, made))
    print(verdict.told)
    return 0 if verdict.holds else 1


def read_study() -> StudyConfig:
    """The study that is here.

    Raises:
        StudyError: there is none yet.
    """
    if not STUDY.exists():
        raise StudyError("the study is not here; run `make repro` first, which restores it")
    return read_config(STUDY, StudyConfig)


def train(folder: Path, key: str) -> dict[str, Any]:
    """Trains and judges a run in a copy of the project, on the data of this one.

    Returns:
        The record of its circumstances.

    Raises:
        StudyError: a stage failed; its message is above.
    """
    for source in (Path("configs"), *Path("data").iterdir()):
        if not (folder / source).exists():
            (folder / source).symlink_to(source.absolute())
    arm, _, seed = key.rpartition("-")
    for stage in STAGES:
        command = [sys.executable, "-m", f"stages.{stage}", arm, seed]
        environment = {**os.environ, **gpus.NONE, "DVC_ROOT": str(folder)}
        if subprocess.run(command, cwd=folder, env=environment, check=False).returncode != 0:
            raise StudyError(f"{stage} of {key} failed; its message is above")
    (record,) = (folder / "models" / "provenance" / key).iterdir()
    return read_json(record)


def differing(place: Place, run: Run, folder: Path) -> list[str]:
    """The files of a run that are not, to the byte, as dvc.lock has them."""
    found = []
    for path, digest in run.outs.items():
        objects = at_hand(place, digest) if digest.endswith(".dir") else place.cache
        for name, md5 in objects.files(digest).items():
            file = folder / path / name if name else folder / path
            content = file.read_bytes() if file.is_file() else b""
            if hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:
                found.append(f"{path}/{name}" if name else path)
    return found


def metrics(place: Place, run: Run) -> dict[str, float]:
    """What the shipped run was judged to be."""
    for digest in place.results(run).values():
        objects = at_hand(place, digest)
        files = objects.files(digest)
        if "metrics.json" in files:
            return json.loads(objects.path(files["metrics.json"]).read_text(encoding="utf-8"))
    raise StudyError(f"{run.key} has no metrics.json")


def at_hand(place: Place, digest: str) -> Objects:
    return place.cache if place.cache.holds(digest) else place.store


def kinds(shipped: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """What differs between the machine of the shipped run and this one, in words."""
    if "processor" not in shipped:
        return ["it is not known where it was trained"]
    return [
        f"{name}: {_words(shipped.get(name))} there, {_words(here.get(name))} here"
        for name in ("processor", "device", "packages", "threads")
        if shipped.get(name) != here.get(name)
    ]


def judge(
    key: str,
    differing: Sequence[str],
    judged: Mapping[str, float],
    seeds: Sequence[Mapping[str, float]],
    machines: Sequence[str],
) -> Verdict:
    """Whether a run that trained again holds against the shipped one.

    Args:
        differing: its files that are others.
        judged: its metrics.
        seeds: those of every shipped run of its arm.
        machines: how this machine differs from the shipped run's.
    """
    if not differing:
        return Verdict(True, f"{key} is identical: every file, its network too, to the byte")
    if not machines:
        return Verdict(
            False,
            f"{key} is not the same on the same kind of processor with the same libraries: "
            f"{', '.join(differing)}",
        )
    if len(seeds) < 2:
        return Verdict(False, f"{key} is another, and one seed has no spread to hold it against")
    parts, holds = [], True
    for name in (name for name in COMPARED if name in judged):
        low, high = expected([metrics[name] for metrics in seeds])
        holds = holds and low <= judged[name] <= high
        parts.append(f"{name} {judged[name]:.4f}, expected {low:.4f} to {high:.4f}")
    told = "within" if holds else "NOT within"
    return Verdict(
        holds,
        f"{key} is another, {told} what {len(seeds)} seeds let expect of a further one "
        f"({CONFIDENCE:.0%}): {'; '.join(parts)}\nthe machines differ: {'; '.join(machines)}",
    )


def expected(values: Sequence[float]) -> tuple[float, float]:
    """The interval in which a further value of the same normal distribution lies, at CONFIDENCE.

    Student's prediction interval: mean +- t sd sqrt(1 + 1/n).
    """
    from scipy.stats import t

    n = len(values)
    spread = float(np.std(values, ddof=1)) * (1 + 1 / n) ** 0.5
    half = float(t.ppf((1 + CONFIDENCE) / 2, n - 1)) * spread
    mean = float(np.mean(values))
    return mean - half, mean + half


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name} {version}" for name, version in value.items())
    return str(value)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (StudyError, UserError) as error:
        sys.exit(f"verify: {error}")
    except KeyboardInterrupt:
        sys.exit("verify: interrupted; nothing of it is kept")

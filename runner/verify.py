"""Trains one run again and compares: `python -m runner.verify`, which `make verify` calls.

RUN=ARM-SEED says which (default: the one of the least work). It trains in a temporary copy, where
no network and no checkpoint is. On the same kind of processor with the same libraries every file
must be the same to the byte. Elsewhere sums are rounded otherwise, as if the seed were another:
then the accuracies must lie in the interval that is expected of a further seed. The exit status is
1 where they do not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ablation.base import cli
from ablation.base.arrays import read_npz
from ablation.base.errors import UserError
from ablation.base.files import read_config, read_json
from ablation.study.config import StudyConfig
from runner import gpus, graph, reasons

LEFT = ("data", "docs", "models", "reports", "tests")  # out of the copy
CONFIDENCE = 0.99  # of the interval in which a further seed's accuracy is expected


def main() -> None:
    study = read_config(Path("configs/study.yaml"), StudyConfig)
    keys = {f"{arm}-{seed}": (arm, seed) for arm, seed in study.runs}
    key = os.environ.get("RUN") or min(keys, key=lambda key: reasons.work(study, keys[key][0]))
    if key not in keys:
        raise UserError(f"RUN is {key!r}; allowed: ARM-SEED, {', '.join(list(keys)[:3])} ...")
    arm, seed = keys[key]
    before = read_json(reasons.RECORDS / f"{key}.json")
    print(f"retraining {key} in a copy; the first time took {before['seconds']:.0f} s", flush=True)
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        train(copy, arm, seed)
        (made,) = copy.glob("models/networks/*/*/network.keras")
        pairs = {path: copy / path for path in sorted((reasons.RUNS / key).iterdir())}
        if network := reasons.network(key):
            pairs[network] = made
        others = [str(a) for a, b in pairs.items() if a.read_bytes() != b.read_bytes()]
        if not others:
            print(f"{key} is identical to the byte: {', '.join(map(str, pairs))}")
            return
        now = read_json(copy / reasons.RECORDS / f"{key}.json")
        made_again = accuracies(copy, study, arm, seed)
    machines = [
        f"{part}: {before[part]} there, {now[part]} here"
        for part in ("processor", "device", "threads", "packages")
        if before[part] != now[part]
    ]
    print(f"{key} differs in {', '.join(others)}")
    print("\n".join(machines) or "processor, threads and packages are the same")
    from stages.evaluate import HEADLINE

    within = True
    of_seeds = [accuracies(Path(), study, arm, other) for other in study.seeds_of(arm)]
    for metric in (name for name in HEADLINE if name in made_again):
        low, high = expected([of_seed[metric] for of_seed in of_seeds])
        found, told = made_again[metric], metric.replace("_", " ")
        print(f"{told} {found:.4f}; expected of a further seed: {low:.4f} to {high:.4f}")
        within = within and low <= found <= high
    if not machines or not within:
        raise UserError(f"{key} could not be reproduced")


def train(copy: Path, arm: str, seed: int) -> None:
    """Trains a run in a copy of the project, on the data and configuration of this one.

    Raises:
        UserError: it failed; its message is above.
    """
    for name in graph.files(["ls-files"], [f":!{name}" for name in LEFT]):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(name, copy / name)
    for name in ("configs", "data"):
        (copy / name).symlink_to(Path(name).absolute())
    command = [sys.executable, "-m", "stages.train", arm, str(seed)]
    environment = {**os.environ, **gpus.NONE, "DVC_ROOT": str(copy)}
    if subprocess.run(command, cwd=copy, env=environment, check=False).returncode != 0:
        raise UserError(f"training {arm}-{seed} failed; see its message above")


def accuracies(folder: Path, study: StudyConfig, arm: str, seed: int) -> dict[str, float]:
    """Of a run's predictions (0..1), as runs.csv names them; of parts that have labels."""
    # With pandas, which takes a second; a run that is identical needs none of it.
    from stages.evaluate import judged, labels_of

    answers = read_npz(folder / reasons.RUNS / f"{arm}-{seed}" / "answers.npz")
    found = judged(labels_of(study.data_sets[arm], seed, answers), answers)
    return {key: value for key, value in found.items() if key.endswith("_accuracy")}


def expected(values: Sequence[float]) -> tuple[float, float]:
    """The interval in which a further value of the same normal distribution lies, at CONFIDENCE.

    Student's prediction interval, mean +- t sd sqrt(1 + 1/n); without end for one value.
    """
    from scipy.stats import t

    n = len(values)
    if n < 2:
        return float("-inf"), float("inf")
    half = t.ppf((1 + CONFIDENCE) / 2, n - 1) * np.std(values, ddof=1) * np.sqrt(1 + 1 / n)
    return float(np.mean(values) - half), float(np.mean(values) + half)


if __name__ == "__main__":
    cli.run("verify", main)

"""Trains runs one after another in this process: `KERAS_BACKEND=jax python -m device RUN ...`.

A run is ARM-SEED; without any, all runs of the study in its order. The folder holds what the stages
before `train` make (docs/gpu.md). A finished run is left as it is; one that is under way goes on.
Ends with status 3 where the time was up before all runs were done: the same command goes on.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ablation.base.cli import run
from ablation.base.errors import UserError
from ablation.base.files import read_config
from ablation.study.config import StudyConfig

TIME_IS_UP = 3


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m device", description=__doc__)
    parser.add_argument("runs", nargs="*", metavar="RUN", help="ARM-SEED, the first to run first")
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), help="stop in time before so many are over"
    )
    parser.add_argument(
        "--together", type=int, default=1, help="seeds of an arm that train at once (default: 1)"
    )
    parser.add_argument("--commit", default=None, help="the code's commit, noted with each result")
    options = parser.parse_args()
    ends = time.monotonic() + options.seconds
    if os.environ.get("KERAS_BACKEND") != "jax":
        raise UserError("the driver runs under JAX; set KERAS_BACKEND=jax")
    if options.together < 1:
        raise UserError(f"--together is {options.together}; allowed: 1 or more")
    study = read_config(Path("configs/study.yaml"), StudyConfig)
    known = {f"{arm}-{seed}": (arm, seed) for arm, seed in study.runs}
    for key in options.runs:
        if key not in known:
            raise UserError(f"no run {key!r} in this study; runs: {', '.join(known)}")
    from device import runs, training  # they import the framework: after the arguments are known

    todo = []
    for key in options.runs or known:
        if runs.finished(key):
            print(f"{key}  is finished", flush=True)
        else:
            todo.append(known[key])
    for arm, seeds in groups(todo, options.together):
        try:
            runs.train_and_judge(arm, seeds, lambda: ends - time.monotonic(), commit=options.commit)
        except training.OutOfTimeError:
            names = ", ".join(f"{arm}-{seed}" for seed in seeds)
            print(f"{names}  time is up; the same command goes on from here", flush=True)
            sys.exit(TIME_IS_UP)


def groups(runs: Sequence[tuple[str, int]], together: int) -> list[tuple[str, list[int]]]:
    """Of each arm its seeds, at most `together` in one; arms and seeds in the order of `runs`."""
    seeds: dict[str, list[int]] = {}
    for arm, seed in runs:
        seeds.setdefault(arm, []).append(seed)
    return [
        (arm, of_arm[start : start + together])
        for arm, of_arm in seeds.items()
        for start in range(0, len(of_arm), together)
    ]


if __name__ == "__main__":
    run("device", main)

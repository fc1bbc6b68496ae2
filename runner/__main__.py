"""Runs the whole study: `python -m runner [--jobs N] [--scale NAME] [--set KEY=VALUE ...]`.

`make repro` calls it, and `make exp` with --set, which records the result as an experiment.

The stages before training run once, the runs that are out of date side by side, then the rest. DVC
decides what is out of date and keeps every result, so the command can be stopped and called again.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from pathlib import Path

from ablation.config.arm import ArmConfig
from ablation.config.study import StudyConfig
from ablation.files import read_config, read_yaml, write_text
from runner import graph, pool
from runner.display import Display

PARAMS, LOGS = Path("params.yaml"), Path("logs")
# What the stage `train` keeps of a run under way: how far it is, and what it resumes from.
PROGRESS, CHECKPOINTS = Path(".scratch/progress"), Path(".scratch/runs")


def main() -> None:
    pool.stop_on_signals()
    parser = argparse.ArgumentParser(prog="python -m runner", description=__doc__)
    parser.add_argument(
        "--jobs", type=int, default=cores(), help="runs at a time (default: the cores)"
    )
    parser.add_argument("--scale", help="write this scale into params.yaml first")
    parser.add_argument(
        "--set",
        nargs="+",
        metavar="KEY=VALUE",
        help="change params.yaml first, as `dvc exp run -S`, and record an experiment at the end",
    )
    options = parser.parse_args()
    if options.jobs < 1:
        raise graph.StudyError(f"--jobs is {options.jobs}; allowed: 1 or more")
    if options.scale:
        set_scale(options.scale)
    if options.set:
        graph.change(options.set)
    graph.repro("split", "data_check")  # before hours of training on images that are not right
    study = read_config(Path("configs/study.yaml"), StudyConfig)
    train(study, options.jobs)
    graph.repro()
    if options.set:
        graph.save_experiment()


def cores() -> int:
    """The processor cores that this process may use, where the system tells; else all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def set_scale(scale: str) -> None:
    """Writes the scale into params.yaml, where `dvc repro` finds it, and leaves the rest alone."""
    scales = read_yaml(PARAMS)["scales"]
    if scale not in scales:
        raise graph.StudyError(f"SCALE is {scale!r}; allowed: {', '.join(scales)}")
    before = PARAMS.read_text(encoding="utf-8")
    after = re.sub(r"^scale: *\w+", f"scale: {scale}", before, count=1, flags=re.MULTILINE)
    if after != before:
        write_text(PARAMS, after)
        print(f"params.yaml: scale is {scale} now", flush=True)


def train(study: StudyConfig, jobs: int) -> None:
    """Brings every run that is out of date up to date, side by side."""
    costs = {f"{arm}-{seed}": cost(study, arm) for arm, seed in study.runs}
    todo = graph.outdated(list(costs))
    if not todo:
        return
    todo.sort(key=lambda key: -costs[key])
    print(f"training {len(todo)} of {len(costs)} runs, {jobs} at a time; logs in {LOGS}/")
    commands = {key: graph.run_command(key) for key in todo}
    with Display({key: costs[key] for key in todo}, PROGRESS) as display:
        state = pool.run(commands, jobs, LOGS, display.show)
    if state.failed:
        logs = ", ".join(str(LOGS / f"{key}.log") for key in state.failed)
        raise graph.StudyError(f"{len(state.failed)} of {len(todo)} runs failed; see {logs}")
    for key in todo:  # what is left of these runs belongs to another configuration or other code
        (PROGRESS / f"{key}.json").unlink(missing_ok=True)
        shutil.rmtree(CHECKPOINTS / key, ignore_errors=True)


def cost(study: StudyConfig, arm: str) -> float:
    """The work of one run: multiply-adds of an image times images trained on."""
    train = read_config(Path(f"configs/arms/{arm}.yaml"), ArmConfig).train
    images = train.images_per_epoch or train.images
    images = images or study.training_images[study.data_sets[arm]]
    return float(study.multiply_adds[arm] * images * train.epochs)


if __name__ == "__main__":
    try:
        main()
    except graph.StudyError as error:
        sys.exit(f"study: {error}")
    except KeyboardInterrupt:
        sys.exit("study: interrupted; the same command goes on from here")

"""Runs the whole study: `python -m runner [--jobs N] [--scale NAME] [--gpu] [--live KIND]
[--set KEY=VALUE ...]`.

`make repro` calls it, and `make exp` with --set, which records the result as an experiment. With
--gpu one run trains on each NVIDIA GPU, under JAX, a compiled epoch at a time. With --retrain
nothing is restored that was not trained on this machine. With --scheduler runs train on the workers
of a Dask cluster: docs/cluster.md.

The stages before training run once. Runs whose results travelled with the repository are restored;
the others that are out of date train side by side, beside the check of the images; then the rest
follows. DVC decides what is out of date and keeps every result, so the command can be stopped and
called again.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ablation.base.errors import UserError
from ablation.base.files import read_config, read_yaml
from ablation.study.checks import shown
from ablation.study.config import StudyConfig
from ablation.study.memory import check_memory, machine_bytes
from ablation.study.resolution import resolve
from runner import graph, images, live, params, pool, rest, safeguard, written
from runner.cores import cores
from runner.executor import cluster, local
from runner.restore import restore
from runner.training import LOGS, logs_of, train


def main() -> None:
    pool.stop_on_signals()
    parser = argparse.ArgumentParser(prog="python -m runner", description=__doc__)
    parser.add_argument(
        "--jobs", help="runs at a time (default: the cores, or with --gpu the GPUs)"
    )
    parser.add_argument("--gpu", action="store_true", help="train on NVIDIA GPUs, one run on each")
    parser.add_argument(
        "--force", action="store_true", help="train on the processor whatever time it takes"
    )
    parser.add_argument(
        "--retrain",
        action="store_true",
        help="train every run that was not trained on this machine; without it results that "
        "travelled with the repository are restored",
    )
    parser.add_argument("--live", metavar="KIND", help="live curves: dvclive or tensorboard")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="train on its Dask workers")
    parser.add_argument("--git", metavar="ADDRESS", help="where they get the commit (`origin`)")
    parser.add_argument("--networks", action="store_true", help="bring networks back from them")
    parser.add_argument("--scale", help="write this scale into params.yaml first")
    parser.add_argument(
        "--set",
        nargs="+",
        metavar="KEY=VALUE",
        help="change params.yaml first, as `dvc exp run -S`, and record an experiment at the end",
    )
    parser.add_argument(
        "--changes", metavar="TEXT", help="as --set, all of them in one text, quoted as in a shell"
    )
    options = parser.parse_args()
    if options.changes is not None:
        options.set = split(options.changes)
    if options.live is not None:
        live.ask(options.live, elsewhere=bool(options.scheduler))
    asked = None if options.jobs is None else number(options.jobs)
    jobs = asked or cores()
    if options.force:
        os.environ["FORCE"] = "1"  # the stage `resolve` asks for it
    if options.scheduler:
        executor = cluster(options.scheduler, options.gpu, options.networks, options.git)
    else:
        executor = local(jobs, asked, options.gpu)
    safeguard.at_start()
    for told in written.set_up(options.scale, options.gpu, options.set or (), check):
        print(f"{params.PARAMS}: {told} now; `make back` takes it back", flush=True)
    print(f"the study at scale {params.read(params.load())['scale']}", flush=True)
    executor.check()
    graph.repro("split", "samples")  # all that needs no run
    study = read_config(Path("configs/study.yaml"), StudyConfig)
    if not options.retrain:
        images.refuse_other()
    runs = restore(trained_here=options.retrain)
    for told in runs.told(len(study.runs)):
        print(told, flush=True)
    try:
        trained = train(study, executor, options.force, runs.ready)
    except rest.RunsFailedError as error:
        rest.report_rest(error.runs, LOGS)
        raise
    # A restored run has no network, which is no reason to train it.
    if trained is not None:
        graph.repro("--allow-missing", "summarize")
        draw(read_yaml(Path("configs/figures/index.yaml")), jobs)
    graph.repro("--allow-missing")
    print(f"restored {len(runs.brought)} runs, trained {len(trained or ())}")
    if options.set:
        graph.save_experiment()


def check(tree: Any) -> None:
    """Refuses what the stage `resolve` refuses, before anything is written.

    Raises:
        ConfigError: the tree is no study, or this machine has too little memory for it.
    """
    study = resolve(tree)
    if not os.environ.get("FORCE"):
        check_memory(study.data, study.arms, study.evaluation.batch_size, machine_bytes())


def number(jobs: str) -> int:
    """How many runs at a time.

    Raises:
        StudyError: it is no number of runs.
    """
    if not re.fullmatch(r"[1-9][0-9]{0,2}", jobs):
        raise graph.StudyError(f"JOBS is {shown(jobs)}; allowed: a whole number from 1 to 999")
    return int(jobs)


def split(changes: str) -> list[str]:
    """The `KEY=VALUE` of a text, which may stand in quotes as in a shell.

    Raises:
        StudyError: there is none, or a quote is not closed.
    """
    try:
        found = shlex.split(changes)
    except ValueError:
        raise graph.StudyError(f"SET is {shown(changes)}: a quote is not closed") from None
    if not found:
        raise graph.StudyError("SET is empty; allowed: KEY=VALUE, as in train.optimizer=adam")
    return found


def draw(figures: Sequence[str], jobs: int) -> None:
    """Draws the figures side by side, each process its share of them: DVC starts once a share."""
    shares = [figures[number::jobs] for number in range(min(jobs, len(figures)))]
    commands = {f"figures-{n}": graph.figures_command(share) for n, share in enumerate(shares, 1)}
    print(f"drawing {len(figures)} figures, {len(shares)} at a time; logs in {LOGS}/", flush=True)
    state = pool.run(commands, [{}] * jobs, LOGS, lambda _: None)
    if state.failed:
        raise graph.StudyError(f"a figure failed; see {logs_of(state.failed)}")


if __name__ == "__main__":
    try:
        main()
    except (graph.StudyError, UserError) as error:
        sys.exit(f"study: {error}")
    except KeyboardInterrupt:
        sys.exit("study: interrupted; the same command goes on from here")

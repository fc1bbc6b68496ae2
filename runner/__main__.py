"""Runs the whole study: `python -m runner`, which `make repro` calls, and `make exp` with SET.

Options are environment variables, which make sets from its command line:

    SCALE=smoke            written into params.yaml first, with the seeds of that scale
    SET="a.b=1 c=[2,3]"    likewise, as `dvc exp run -S`; the result is recorded as an experiment
    JOBS=2                 runs at a time (default: one on each core, or on each GPU)
    GPU=1                  train on NVIDIA GPUs
    SCHEDULER=tcp://HOST:8786   train on the workers of a Dask cluster
        with GIT=ADDRESS of the commit for them, NETWORKS=1 to bring networks back
    LIVE=1                 each run on this machine writes live curves with DVCLive
    YES=1                  ask nothing;  FORCE=1  train on a processor however long it takes

DVC decides what is out of date, and makes what comes before training and after it, a stage at a
time. In between, the runs that are out of date train side by side, and each is recorded as it ends.
Stopped at any time, the same command continues.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import gettempdir

from ablation.base import cli
from ablation.base.errors import UserError
from ablation.base.files import write_text
from ablation.study.reading import PARAMS
from runner import gpus, graph, params
from runner.jobs import Executor, Job, Outcome
from runner.local import STOPPING, Local, clear, cores

LOCK = Path(".scratch/study.lock")
MOST_HOURS = 48.0  # that a processor may train without being told to
ROOM = 1e9  # bytes of disk; where it is full, DVC and git leave files half-written
UNASKED = 600.0  # seconds of training that start without a question
# All that needs no run, and what must hold before hours are spent on the images.
BEFORE = ("split", "samples", "data_check")


def main() -> None:
    # A closed terminal or `kill` stops the runs as Ctrl-C does; a shell's background job ignores
    # interrupts and would hand that on.
    for number in STOPPING:
        signal.signal(number, signal.default_int_handler)
    # The stages' `python` is this one, whichever a shell has.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    if os.environ.get("LIVE"):
        os.environ["ABLATION_LIVE"] = "1"
    place = executor()
    with alone():
        graph.refuse_unmerged()
        set_up(os.environ.get("SCALE", ""), os.environ.get("SET", ""), bool(os.environ.get("GPU")))
        if not graph.stale():
            print("everything is up to date")
        else:
            refuse_full_disk()
            graph.dvc("repro", *BEFORE)
            train_what_is_stale(place)
            graph.dvc("repro")
        if os.environ.get("SET"):
            save_experiment()


def refuse_full_disk() -> None:
    """Refuses to begin where there is no room for data and results.

    Raises:
        UserError: naming the folder.
    """
    for folder in (os.getcwd(), gettempdir()):  # the latter while images are composed
        if (free := shutil.disk_usage(folder).free) < ROOM:
            raise UserError(
                f"{free / 1e9:.2f} GB of disk are free for {folder}; {ROOM / 1e9:.0f} GB are needed"
            )


@contextmanager
def alone() -> Iterator[None]:
    """Holds the project, so that two studies do not train the same runs in one folder.

    Raises:
        UserError: another one does.
    """
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise UserError(f"another study runs in this folder (PID {file.read()})") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def set_up(scale: str, changes: str, gpu: bool) -> None:
    """Writes a scale, `KEY=VALUE` overrides and how GPUs train into params.yaml.

    Raises:
        UserError: they are refused; params.yaml is as it was.
    """
    if not scale and not changes and not gpu:
        return
    before = PARAMS.read_text(encoding="utf-8")
    try:
        overrides = shlex.split(changes)
    except ValueError:
        raise UserError(f"SET is {changes}: a quote is not closed") from None
    if gpu:
        overrides = [*gpus.SETTINGS, *overrides]
    if scale:
        overrides = [*params.of_scale(before, scale), *overrides]
    after = params.changed(before, overrides)
    if after == before:
        return
    write_text(PARAMS, after)
    try:
        graph.dvc("repro", "resolve")
    except BaseException:
        write_text(PARAMS, before)
        raise
    for line in params.differences(before, after):
        print(f"params.yaml: {line}; `make back` undoes it", flush=True)


def train_what_is_stale(where: AbstractContextManager[Executor]) -> None:
    """Trains the runs that are out of date there, side by side, and records each as it ends.

    Raises:
        UserError: a run failed; the others are done.
    """
    # Only now: they take time to load, which a study without anything to do need not wait for.
    from ablation.base.files import read_config
    from ablation.monitoring.progress import duration
    from ablation.study.config import StudyConfig
    from runner import reasons
    from runner.display import Display

    study = read_config(Path("configs/study.yaml"), StudyConfig)
    stale = graph.stale()
    work = {f"{arm}-{seed}": reasons.work(study, arm) for arm, seed in study.runs}
    jobs = [
        Job(
            key=f"{arm}-{seed}",
            stage=study.stage(arm, seed),
            command=["python", "-m", "stages.train", arm, str(seed)],
            outs=[f"models/runs/{arm}-{seed}", f"models/provenance/{arm}-{seed}.json"],
        )
        for arm, seed in study.runs
        if study.stage(arm, seed) in stale
    ]
    if not jobs:
        return
    jobs.sort(key=lambda job: -work[job.key])  # the longest first, so that none is left for the end
    with graph.held(out for job in jobs for out in job.outs), where as place:
        plan = reasons.plan(jobs, work)
        total = max(sum(plan.seconds.values()) / place.places, max(plan.seconds.values()))
        on_processor = not os.environ.get("GPU") and not os.environ.get("SCHEDULER")
        time = ""
        if on_processor:
            slower = reasons.slower(place.places)
            busy = f", or {duration(slower * total)} while it is as busy as now"
            time = f", about {duration(total)}{busy if slower > 1.2 else ''}"
        known = f"; {plan.trained} more need no training" if plan.trained else ""
        print(
            f"{len(jobs) - plan.trained} of {len(work)} runs to train, {place.places} at a time"
            f"{time}{known}"
        )
        if plan.changed:
            print(f"changed: {plan.changed}")
        print("output is in logs/; after Ctrl-C the same command continues", flush=True)
        if on_processor:
            agree(slower * total, study.scale)
        failed = []
        with Display(plan.seconds) as display:
            futures = {place.submit(job): job for job in jobs}
            while futures:
                done, _ = wait(futures, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in done:
                    job = futures.pop(future)
                    outcome = future.result()
                    if outcome.status == 0:
                        bring(job, outcome)
                        graph.commit(job.stage)
                    else:
                        failed.append(job.key)
                    display.ended(outcome)
                display.show([job.key for job in futures.values()])
    if failed:
        logs = ", ".join(f"logs/{key}.log" for key in failed)
        raise UserError(
            f"{len(failed)} of {len(jobs)} runs failed, see {logs}; the others are done, and the "
            "same command retries the failed ones"
        )


def executor() -> AbstractContextManager[Executor]:
    """Where runs train: one on each core, one on each GPU, or on a cluster."""
    if scheduler := os.environ.get("SCHEDULER"):
        from runner.cluster.executor import executor as cluster

        networks = bool(os.environ.get("NETWORKS"))
        gpu, source = bool(os.environ.get("GPU")), os.environ.get("GIT")
        return cluster(scheduler, gpu, source, networks)
    jobs = os.environ.get("JOBS", "")
    if jobs and not (jobs.isdecimal() and int(jobs) > 0):
        raise UserError(f"JOBS is {jobs!r}; allowed: a whole number of 1 or more")
    places = gpus.places() if os.environ.get("GPU") else [gpus.NONE] * int(jobs or cores())
    return Local(places[: int(jobs or len(places))])


def agree(seconds: float, scale: str) -> None:
    """Refuses days of training, and asks at a terminal before long ones.

    Raises:
        UserError: no run is to train.
    """
    if seconds > MOST_HOURS * 3600 and not os.environ.get("FORCE"):
        raise UserError(
            f"this processor would train for {seconds / 3600:,.0f} hours at scale {scale}; FORCE=1 "
            "trains here anyway, GPU=1 on an NVIDIA GPU; docs/laptop.md lists the scales"
        )
    terminal = sys.stdin.isatty() and "JPY_PARENT_PID" not in os.environ  # no notebook's
    if seconds < UNASKED or not terminal or os.environ.get("YES"):
        return
    try:
        answer = input("continue? [Y/n] ").strip().lower()
    except EOFError:  # Ctrl-D
        answer = "no"
    if answer not in ("", "y", "yes"):
        raise UserError("nothing was trained; `make back` undoes a change")


def bring(job: Job, outcome: Outcome) -> None:
    """Writes what a run made elsewhere in the place of what is here.

    Raises:
        UserError: it is made of other files than these, which changed while it trained.
    """
    from runner import reasons

    if outcome.files:
        made_of = json.loads(outcome.files[f"models/provenance/{job.key}.json"])["inputs"]
        if changed := reasons.changed(job.key, made_of):
            raise UserError(
                f"{changed} changed here while {job.key} trained, so the run is not recorded; "
                "commit or undo the change, and run the same command again"
            )
        clear(job.outs)
    for name, content in outcome.files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content)


def save_experiment() -> None:
    """Records the workspace as an experiment, which `dvc exp show` lists; new runs with it."""
    new = graph.files(["ls-files", "--others", "--exclude-standard"], graph.results())
    graph.dvc("exp", "save", "--force", *(word for name in new for word in ("-I", name)))


if __name__ == "__main__":
    cli.run("study", main)

"""The runs of one study on their way: handed out, heard of, collected, tried again.

No more runs are handed out than there are places. So the longest go first, a worker that dies takes
one run with it, and Dask's own order and its stealing have nothing to decide.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ablation.base.files import read_config, write_json, write_text
from ablation.training.config import ArmConfig
from runner import gpus
from runner.cluster import checks
from runner.cluster.book import Book, Result
from runner.cluster.connection import AGAIN, Connection
from runner.cluster.flights import Flights
from runner.cluster.worker.task import Job, run
from runner.graph import StudyError
from runner.pool import State

PROGRESS = Path(".scratch/progress")


@dataclass(frozen=True)
class Wish:
    """What is the same for every run.

    Attributes:
        commit: of the study, which `source` has.
        kind: what a worker's machine must be.
        networks: whether networks come back too.
        gpu: whether runs train on GPUs, one on each.
    """

    commit: str
    source: str
    kind: Mapping[str, str]
    networks: bool
    gpu: bool


class Dispatch:
    """Brings `state` on, step by step."""

    def __init__(
        self, connection: Connection, book: Book, wish: Wish, state: State, logs: Path
    ) -> None:
        """
        Args:
            state: all of its runs wait.
            logs: gets NAME.log of each.
        """
        self._connection, self._book, self._wish = connection, book, wish
        self._state, self._logs = state, logs
        self._inputs = book.inputs()
        self._flights = Flights()

    def refuse_too_large(self) -> None:
        """Raises where a run takes more of the resource than any worker has."""
        most = max(map(self._amount, self._state.waiting))
        self._connection.refuse_no_places(self._connection.workers(), most)

    def step(self) -> None:
        """Hands out what there are places for, and takes what has ended.

        Raises:
            StudyError: no worker was left for long, or what runs are made of changed.
        """
        if self._connection.broken(self._flights.futures.values()):
            self._connection.again()
            keys = list(self._flights.futures)
            self._happened(
                f"the scheduler was gone; handed out again: {checks.some(keys) or 'none'}"
            )
            for key in keys:
                self._take_back(key)
                self._wait(key)
        self._hand_out()
        self._hear()
        self._collect()

    def _hand_out(self) -> None:
        workers = self._connection.workers()
        waiting, futures = self._state.waiting, self._flights.futures
        self._state.idle = sorted(set(workers) - set(self._state.where.values()))
        while waiting:
            key = waiting[0]
            amount = self._amount(key)
            if len(futures) >= self._connection.places(workers, amount):
                break
            waiting.pop(0)
            job = self._job(key)
            name, without = f"{key}-{job.digest}", self._flights.without(key)
            future = self._connection.submit(run, vars(job), name, amount, without)
            self._flights.out(key, future)
            self._state.running[key] = time.monotonic()
        stuck = not workers or (bool(waiting) and not futures)
        if self._flights.stuck_for(stuck) > AGAIN:
            raise StudyError(
                f"for {AGAIN / 60:.0f} minutes no worker has been there that takes a run; start "
                "some, and the same command goes on"
            )

    def _amount(self, key: str) -> int:
        """Of the resource: one GPU, or the threads of the run."""
        if self._wish.gpu:
            return 1
        arm = key.rpartition("-")[0]
        return read_config(Path(f"configs/arms/{arm}.yaml"), ArmConfig).train.threads

    def _job(self, key: str) -> Job:
        book = self._book
        outs, network = book.outs(key)
        settings = gpus.ON_ONE if self._wish.gpu else gpus.NONE
        return Job(
            **vars(self._wish), key=key, digest=book.digest(key), deps=book.deps(key),
            inputs=self._inputs, shared=str(Path.cwd()), commands=book.commands(key), outs=outs,
            network=network, settings=dict(settings), topic=self._connection.topic,
        )  # fmt: skip

    def _hear(self) -> None:
        """What workers have told since: where a run is, and how far."""
        while not self._connection.heard.empty():
            told = self._connection.heard.get()
            key, worker = told["run"], told["name"]
            if key not in self._flights.futures:
                continue
            self._state.where[key] = worker
            if "began" not in told:
                write_json(PROGRESS / f"{key}.json", told["progress"])
            elif lost := self._flights.began(key, worker):
                self._happened(f"{key} is tried again on {worker}: {lost} was lost while it ran")

    def _collect(self) -> None:
        """Takes what has ended, and records it."""
        done: list[Result] = []
        for key, future in list(self._flights.futures.items()):
            if future.status == "error":
                self._take_back(key)
                self._lost(key, future.exception())
            elif outcome := self._connection.outcome(future):
                self._take_back(key)
                if outcome["log"]:
                    write_text(self._logs / f"{key}.log", outcome["log"])
                if outcome["ended"] == "done":
                    files, network = outcome["files"], outcome["network"]
                    done.append(Result(key, outcome["worker"], files, network))
                elif outcome["ended"] == "failed":
                    self._state.end(key, well=False)
                else:
                    self._try_again(key, outcome["worker"], outcome["told"])
        if done:
            self._book.record(done)
            for result in done:
                self._flights.done(result.worker)
                self._state.end(result.key, well=True)

    def _lost(self, key: str, error: BaseException) -> None:
        """A task without an outcome: every worker that had it died, or none is left."""
        last = self._flights.last(key)
        if type(error).__name__ == "KilledWorker":
            self._fail(key, f"every worker that had it died, last {last}")
        else:
            self._try_again(key, last, f"{type(error).__name__}: {error}")

    def _try_again(self, key: str, worker: str, told: str) -> None:
        """Hands a run out once more that its machine is to blame for, or says that it failed."""
        told = " ".join(told.split())[:300]
        again, banned = self._flights.failed(key, worker)
        if again:
            self._happened(f"{key} is tried again elsewhere: {worker}: {told}")
            self._wait(key)
        else:
            self._fail(key, f"on every try, last on {worker}: {told}")
        if banned:
            self._happened(f"{worker} failed several runs in a row and gets no more")

    def _fail(self, key: str, told: str) -> None:
        self._happened(f"{key} failed: {told}")
        log = self._logs / f"{key}.log"
        log.touch()
        write_text(log, f"{log.read_text(encoding='utf-8')}{told}\n")
        self._state.end(key, well=False)

    def _take_back(self, key: str) -> None:
        del self._flights.futures[key]
        self._state.where.pop(key, None)

    def _wait(self, key: str) -> None:
        del self._state.running[key]
        self._state.waiting.insert(0, key)

    def _happened(self, line: str) -> None:
        self._state.happened.append(line)

"""The head of a cluster: what is refused before runs are sent, and the executor of runs.

Dask gives a run to another worker where its own died or cannot train. When the head ends,
unfinished runs are dropped; the same command continues.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from ablation.base.errors import UserError
from ablation.base.files import write_json, write_text
from runner import gpus, graph, local
from runner.cluster import worker
from runner.jobs import Job, Outcome

try:
    import cloudpickle
    from distributed import Client
except ModuleNotFoundError as error:
    raise UserError(
        "SCHEDULER needs Dask, which is not installed; `make cluster` installs it, or without "
        "make `pip install -r requirements-cluster.txt`"
    ) from error

PATIENCE = 30.0  # seconds to reach the scheduler
RETRIES = 2  # times that a run is tried again whose worker could not train
FEW = 3  # names that are listed and not counted
PACKAGES = ["tensorflow", "keras", "jax", "numpy"]  # whose version changes a result's last bits
PROGRESS, LOGS = Path(".scratch/progress"), Path("logs")

for module in (worker, local):
    cloudpickle.register_pickle_by_value(module)
# What Dask logs of a connection that breaks are tracebacks; what matters of it is said here.
for name in [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]:
    logging.getLogger(name).setLevel(logging.CRITICAL)


@contextmanager
def executor(
    address: str, gpu: bool = False, source: str | None = None, networks: bool = False
) -> Iterator[Cluster]:
    """The workers of a Dask scheduler, once they have the project as it is here now; leaving it
    stops what they train.

    Args:
        address: of the scheduler, `tcp://HOST:PORT`.
        gpu: whether runs take the resource GPU of a worker, else RUNS.
        source: a repository that workers get the commit from; None for the remote `origin`, and
            without one for this folder.
        networks: whether networks come back too.

    Raises:
        UserError: nobody is there, or the workers cannot train this study; one line.
    """
    client = _connected(address)
    # Who sees this file sees this folder.
    token = Path(".scratch") / f"head-{uuid.uuid4().hex}"
    write_text(token, "")
    try:
        resource = "GPU" if gpu else "RUNS"
        workers = _Workers(client, resource, address)
        workers.refuse_versions()
        study = _study(token, gpu, source, workers)
        client.subscribe_topic(study["topic"], _heard)
        client.subscribe_topic("all", workers.changed)
        pool = client.get_executor(pure=False, retries=RETRIES, resources={resource: 1})
        yield Cluster(pool, study, networks, workers.places)
    finally:
        client.close(timeout=5)  # Dask cancels what it still wants
        token.unlink()


class Cluster:
    """An executor of runs (`runner.jobs.Executor`).

    Attributes:
        places: how many runs the workers that were there at the start take at a time.
    """

    def __init__(self, pool: Any, study: Mapping[str, Any], networks: bool, places: int) -> None:
        self._pool, self._study, self._networks, self.places = pool, study, networks, places
        # On a GPU worker `dask worker` was told which; elsewhere no framework takes one.
        self._environment = gpus.ON_ONE if study["gpu"] else gpus.NONE

    def submit(self, job: Job) -> Future[Outcome]:
        """Hands a run out; the first is the first to be trained.

        Returns:
            Its outcome, of status 1 where no worker could train it; UserError where the scheduler
            is gone.
        """
        outs = [*job.outs, *([f"models/networks/{job.key}"] if self._networks else [])]
        sent = {**asdict(job), "outs": outs, "environment": self._environment}
        outcome: Future[Outcome] = Future()
        run = worker.run
        # What can be imported here Dask sends by its name; a lambda it sends whole.
        there = self._pool.submit(lambda study, job: run(study, job), self._study, sent)
        there.add_done_callback(lambda ended: _end(job.key, ended, outcome))
        return outcome


def _end(key: str, ended: Future[dict[str, Any]], outcome: Future[Outcome]) -> None:
    try:
        found = Outcome(**ended.result())
    except CancelledError:
        gone = "the scheduler has stopped; start it and its workers, and the same command continues"
        outcome.set_exception(UserError(gone))
        return
    except Exception as error:  # what the last worker said, or Dask's word for "none is left"
        found = Outcome(key, 1, f"no worker could train {key}: {type(error).__name__}: {error}\n")
    write_text(LOGS / f"{key}.log", found.log)
    outcome.set_result(found)


def _heard(event: tuple[float, dict[str, Any]]) -> None:
    """What a worker tells of a run."""
    told = event[1]
    if "progress" in told:
        write_json(PROGRESS / f"{told['key']}.json", told["progress"])
    else:
        print(f"worker {told['name']} cannot train and leaves: {told['leaves']}", flush=True)


class _Workers:
    """The workers that have the resource."""

    def __init__(self, client: Any, resource: str, address: str) -> None:
        found = client.scheduler_info(n_workers=-1)["workers"]
        able = {where: info for where, info in found.items() if info["resources"].get(resource)}
        if not able:
            there = f"none of {len(found)} workers has" if found else "no worker has"
            raise UserError(
                f"{there} the resource {resource} at {address}; start one: dask worker {address} "
                f'--nthreads 1 --resources "{resource}=1" (docs/cluster.md)'
            )
        self._client = client
        self._names = {where: str(info["name"]) for where, info in able.items()}
        self.places = sum(
            min(info["nthreads"], int(info["resources"][resource])) for info in able.values()
        )

    def ask(self, function: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
        """Name -> what the function gives there, or the exception that it raises."""
        there = list(self._names)
        answers = self._client.run(function, *arguments, workers=there, on_error="return")
        return {self._names[where]: answer for where, answer in answers.items()}

    def refuse_versions(self) -> None:
        """Raises where Python or a package is not as here: another rounds otherwise, and what is
        sent by value runs under the same Python alone."""

        def told(found: Mapping[str, Any]) -> dict[str, str]:
            python = ".".join(found["host"]["python"].split(".")[:2])
            return {"Python": python, **{name: found["packages"][name] for name in PACKAGES}}

        versions = self._client.get_versions(packages=PACKAGES)
        here = told(versions["client"])
        for where, name in self._names.items():
            there = told(versions["workers"][where])
            other = [f"{n} {there[n]} there, {here[n]} here" for n in here if here[n] != there[n]]
            if other:
                raise UserError(
                    f"worker {name} has other versions than this environment: {', '.join(other)}; "
                    "install the requirements of this commit there (`make cluster`)"
                )

    def kind(self, gpu: bool) -> str:
        """What all their machines are."""
        have = defaultdict(list)
        for name, kind in self.ask(worker.machine, gpu).items():
            have[str(kind)].append(name)
        if len(have) > 1:
            said = "; ".join(f"{kind} on {_some(names)}" for kind, names in have.items())
            raise UserError(
                f"workers differ: {said}; runs on different hardware differ in the last bits, so "
                "stop the workers of all kinds but one and start the study again"
            )
        return next(iter(have))

    def changed(self, event: tuple[float, dict[str, Any]]) -> None:
        """Says that a worker is gone."""
        happened, where = event[1].get("action"), str(event[1].get("worker"))
        if happened == "add-worker":
            self._names[where] = where
        elif happened == "remove-worker" and where in self._names:
            gone = self._names.pop(where)
            then = "others train its runs" if self._names else "runs wait for another worker"
            print(f"worker {gone} has left; {then}", flush=True)


def _connected(address: str) -> Any:
    if not re.fullmatch(r"(tcp|tls)://[^/\s]+:[0-9]{1,5}", address):
        raise UserError(
            f"SCHEDULER is {address!r}; allowed: tcp://HOST:PORT, as `dask scheduler` prints it"
        )
    try:
        return Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise UserError(
            f"no scheduler answers at {address} ({type(error).__name__}); start one: "
            "dask scheduler (docs/cluster.md)"
        ) from None


def _study(token: Path, gpu: bool, source: str | None, workers: _Workers) -> dict[str, Any]:
    """What `worker.prepare` wants to know, when every worker has it."""
    study: dict[str, Any] = {
        "folder": str(Path.cwd()),
        "token": str(token),
        "topic": f"study-{token.name}",
        "gpu": gpu,
        "kind": workers.kind(gpu),
        "commit": None,
    }
    if not all(workers.ask(worker.sees, study).values()):
        commands, reads, inputs = _before_training()
        _refuse_uncommitted(reads)
        origin = graph.git("config", "--default", ".", "--get", "remote.origin.url").strip()
        source = source or origin
        study |= {
            "commit": graph.git("rev-parse", "HEAD").strip(),
            # A path is one from here, not from where a worker is.
            "source": str(Path(source).resolve()) if Path(source).exists() else source,
            "commands": commands,
            "inputs": inputs,
            "digest": worker.digest(Path(), inputs),
        }
        print(f"the workers prepare commit {study['commit'][:12]}", flush=True)
    for name, answer in workers.ask(worker.prepared, study).items():
        if isinstance(answer, Exception):
            raise UserError(f"worker {name} cannot train this study: {answer}")
    return study


def _before_training() -> tuple[list[str], list[str], list[str]]:
    """Of dvc.yaml, in which a stage stands after those that it needs.

    Returns:
        The commands of the stages before training, in order; all paths that these and training
        read; of those that training reads the ones that stages make.
    """
    stages = yaml.safe_load(Path("dvc.yaml").read_text(encoding="utf-8"))["stages"]
    names = list(stages)
    trained = [_folder(dep) for dep in stages["train"]["deps"]]
    commands: list[str] = []
    reads, inputs = set(trained), set[str]()
    for name in reversed(names[: names.index("train")]):
        outs = [next(iter(out)) if isinstance(out, dict) else out for out in stages[name]["outs"]]
        made = {path for path in reads if any(_overlap(path, out) for out in outs)}
        if made:
            commands.insert(0, stages[name]["cmd"])
            reads.update(stages[name]["deps"])
            inputs.update(made.intersection(trained))
    return commands, sorted(reads), sorted(inputs)


def _folder(dep: str) -> str:
    """The path of a dependency; of one that differs by run its folder."""
    return dep.partition("${")[0].rpartition("/")[0] if "${" in dep else dep


def _overlap(one: str, other: str) -> bool:
    """Whether one path is the other or lies in it."""
    return PurePosixPath(one).is_relative_to(other) or PurePosixPath(other).is_relative_to(one)


def _refuse_uncommitted(reads: Sequence[str]) -> None:
    """Raises where what training reads is not in the last commit: workers clone that."""
    known = graph.files(["diff", "--name-only", "--relative", "HEAD"], ["dvc.yaml", *reads])
    new = graph.files(["ls-files", "--others", "--exclude-standard"], reads)
    if changed := sorted([*known, *new]):
        raise UserError(
            f"{_some(changed)} {'is' if len(changed) == 1 else 'are'} not as in the last commit, "
            "which workers clone; commit, and run the same command again"
        )


def _some(names: Sequence[str]) -> str:
    """The first few of them, and how many more there are."""
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join(names[:FEW]) + more

"""What DVC and the head of a cluster cost as a study grows: `python -m bench.scale [RUNS ...]`.

Each study is the project's graph with stubs for all files, at 15, 150 and 1,500 runs, which are 30,
300 and 3,000 stages. docs/scale.md has the table. It is no part of `make bench`: the largest takes
minutes for each row.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

from ablation.base.files import read_yaml, write_yaml
from bench import checkouts
from bench.lock_file import replace_commands
from bench.processes import ROOT
from runner import graph, lock, store
from runner.cluster.book import Book, Result

RUNS = (15, 150, 1500)
SEEDS = 5
BATCH = 10  # results that come together


def main() -> None:
    for runs in map(int, sys.argv[1:] or map(str, RUNS)):
        with tempfile.TemporaryDirectory() as folder, chdir(folder):
            print(json.dumps(measured(Path(folder) / "study", runs)), flush=True)


def measured(path: Path, runs: int) -> dict[str, float]:
    """Processor seconds of each command in a study of so many runs, and its lock file's size."""
    checkout = checkouts.project(path, "smoke")
    params = read_yaml(path / "params.yaml") | {"seeds": list(range(SEEDS))}
    params["arms"] = {f"arm_{i}": {"label": f"arm {i}"} for i in range(runs // SEEDS)}
    write_yaml(path / "params.yaml", params)
    replace_commands(path)
    checkouts.make_stubs(path)
    os.chdir(path)
    os.environ["PYTHONPATH"] = str(ROOT)
    found = {"runs": float(runs), "making it, s": seconds(up_to_date)}
    checkout.commit()
    found["lock, MB"] = lock.LOCK.stat().st_size / 1e6
    dvc = graph.DVC
    found["dvc status, s"] = seconds(lambda: checkout.run(*dvc, "status", "--json"))
    found["dvc repro with nothing to do, s"] = seconds(lambda: checkout.run(*dvc, "repro"))
    found["one run by DVC, s"] = seconds(lambda: checkout.run(*graph.run_command("arm_0-0")))
    keys = [f"arm_{arm}-{seed}" for arm in range(runs // SEEDS) for seed in range(SEEDS)]
    with store.opened() as repo:
        books: list[Book] = []
        found["the head's look at the start, s"] = seconds(lambda: books.append(Book(repo, keys)))
        (book,) = books
        found["what runs are made of, ms a run"] = (
            1000 * seconds(lambda: [(book.deps(key), book.digest(key)) for key in keys]) / runs
        )
        found["recording one run, s"] = seconds(lambda: book.record([result(keys[1])]))
        several = [result(key) for key in keys[2 : 2 + BATCH]]
        found[f"recording {BATCH} runs together, s"] = seconds(lambda: book.record(several))
    return {name: round(value, 3) for name, value in found.items()}


def result(key: str) -> Result:
    """What a worker would send, as small as can be."""
    files = {f"models/histories/{key}/history.csv": b"1\n"}
    files[f"models/evaluations/{key}/metrics.json"] = b"{}\n"
    return Result(key, "w", files, {"md5": "0" * 32, "size": 1})


def up_to_date() -> None:
    """Tells DVC that every stage has run, with one writing of the lock file instead of one each."""
    from dvc.stage.serialize import to_single_stage_lockfile

    with store.opened() as repo, repo.lock:
        entries = {}
        for stage in repo.index.stages:
            stage.save(run_cache=False)
            stage.commit()
            entries[stage.addressing] = json.loads(json.dumps(to_single_stage_lockfile(stage)))
        lock.put(entries)


def seconds(action: Callable[[], object]) -> float:
    """Of processor time, here and in what the action starts: others may keep the machine busy."""
    before = os.times()
    action()
    taken = sum(os.times()[:4]) - sum(before[:4])
    print(f"{taken:.1f} s", file=sys.stderr, flush=True)  # the largest study takes long
    return taken


if __name__ == "__main__":
    main()

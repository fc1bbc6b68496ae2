"""DVC and the runner on made graphs: nothing to do, and one run to record, by runs in the graph.

A made graph has runs and one stage that reads them, whose results are there: a command that makes
nothing is recorded with `dvc commit`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

RUNS = (30, 120, 480)  # in the graph; the study has 180
ROUNDS = 3
CODE = 5  # folders of code on which each run depends
GRAPH = """\
stages:
  train:
    matrix: {arm: "${arms}", seed: "${seeds}"}
    cmd: "true"
    deps: [CODE, "configs/${item.arm}.yaml"]
    outs: ["models/runs/${item.arm}-${item.seed}": {cache: false}]
  evaluate:
    cmd: "true"
    deps: [models/runs]
    outs: [reports/metrics.json: {cache: false}]
"""
COMMIT = 'from runner.graph import commit; commit("train@arm0-0")'


def rows() -> list[dict[str, Any]]:
    """What `bench` has a row of: name, samples, unit and mark."""
    found: list[dict[str, Any]] = []
    for runs in RUNS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make(folder, runs)
            taken: dict[str, list[float]] = {"dvc": [], "runner": [], "commit": []}
            for number in range(ROUNDS):
                taken["dvc"].append(seconds(folder, "-m", "dvc", "repro"))
                taken["runner"].append(seconds(folder, "-m", "runner"))
                (folder / "models/runs/arm0-0/history.csv").write_text(str(number))
                taken["commit"].append(seconds(folder, "-c", COMMIT))
                seconds(folder, "-m", "dvc", "commit", "--force", "evaluate")
        more = [ours - theirs for ours, theirs in zip(taken["runner"], taken["dvc"], strict=True)]
        found += [
            {
                "name": f"nothing to do, {runs} runs: dvc repro",
                "samples": taken["dvc"],
                "unit": "s",
            },
            {
                "name": f"nothing to do, {runs} runs: make repro, beyond dvc repro",
                "samples": more,
                "unit": "s",
                "at_most": 1.0,
            },
            {"name": f"recording a run of {runs}", "samples": taken["commit"], "unit": "s"},
        ]
    return found


def make(folder: Path, runs: int) -> None:
    """A project with a graph of so many runs, three seeds an arm, all up to date."""
    arms = [f"arm{number}" for number in range(runs // 3)]
    code = [f"code{number}" for number in range(CODE)]
    files = {f"configs/{arm}.yaml": arm for arm in arms}
    files |= {f"{name}/{number}.py": "" for name in code for number in range(5)}
    files |= {f"models/runs/{arm}-{seed}/history.csv": "" for arm in arms for seed in range(3)}
    files["params.yaml"] = json.dumps({"arms": dict.fromkeys(arms, 0), "seeds": [0, 1, 2]})
    files["dvc.yaml"] = GRAPH.replace("CODE", ", ".join(code))
    files["reports/metrics.json"] = "{}"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for command in (["git", "init", "--quiet"], [sys.executable, "-m", "dvc", "init", "--quiet"]):
        subprocess.run(command, cwd=folder, check=True)
    seconds(folder, "-m", "dvc", "commit", "--force")


def seconds(folder: Path, *arguments: str) -> float:
    """That this Python takes with these arguments there."""
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - started

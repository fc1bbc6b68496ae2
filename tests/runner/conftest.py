"""A small study in a real git and DVC repository: the graph is the project's, its stages cheap."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.params import ROOT
from tests.pipeline.repository import Repository, environment

PARAMS = """\
# Every choice of a small study.
scale: laptop   # which of `scales`
seeds: [0, 1]      # a run an arm and seed
costly_seeds: [0]
train: {optimizer: sgd, rate: 0.00001}   # of every arm
scales:
  smoke: {seeds: [0], costly_seeds: [0], epochs: 1}
  laptop: {seeds: [0, 1], costly_seeds: [0], epochs: 20}
arms:
  plain: {label: the plain one}
  steep: {label: the steep one, rate: 0.5}
costly_arms:
  large: {label: the large one}
"""

GRAPH = """\
stages:
  resolve:
    cmd: python -m stages.resolve
    deps: [stages/resolve.py, params.yaml]
    outs: [configs]
  split:
    cmd: python -m stages.copy data/split
    deps: [configs/study.yaml]
    outs: [data/split]
  samples:
    cmd: python -m stages.copy data/samples
    deps: [configs/study.yaml]
    outs: [data/samples]
  data_check:
    cmd: python -m stages.copy reports/data_check.json
    deps: [configs/study.yaml]
    outs: [reports/data_check.json: {cache: false}]
  train: &train
    matrix: {arm: "${arms}", seed: "${seeds}"}
    cmd: python -m stages.train ${item.arm} ${item.seed}
    deps: [stages/train.py, networks, judging, "configs/arms/${item.arm}.yaml"]
    outs:
      - models/runs/${item.arm}-${item.seed}: {cache: false}
      - models/provenance/${item.arm}-${item.seed}.json: {cache: false}
  train_costly: {<<: *train, matrix: {arm: "${costly_arms}", seed: "${costly_seeds}"}}
  evaluate:
    cmd: python -m stages.evaluate
    deps: [stages/evaluate.py, configs/study.yaml, models/runs]
    metrics: [reports/metrics.json: {cache: false}]
"""

STAGES = {
    "resolve": """
import json
from pathlib import Path
import yaml
params = yaml.safe_load(Path("params.yaml").read_text())
if params["train"]["optimizer"] not in ("sgd", "adam"):
    raise SystemExit("resolve: params.yaml: train.optimizer: allowed: sgd, adam")
arms = {**params["arms"], **params["costly_arms"]}
Path("configs/arms").mkdir(parents=True)
for name, arm in arms.items():
    epochs = params["scales"][params["scale"]]["epochs"]
    train = {**params["train"], **{k: v for k, v in arm.items() if k != "label"}}
    train |= {"epochs": epochs, "images_per_epoch": 1000}
    text = json.dumps({"image_size": 8, "train": train})
    Path(f"configs/arms/{name}.yaml").write_text(text)
study = {key: params[key] for key in ("scale", "seeds", "costly_seeds")}
study |= {"baseline": "plain", "figures": [], "costly_arms": list(params["costly_arms"])}
study |= {"arms": {name: arm["label"] for name, arm in arms.items()}}
study |= {"data_sets": dict.fromkeys(arms, "modified"), "multiply_adds": dict.fromkeys(arms, 1)}
Path("configs/study.yaml").write_text(json.dumps(study))
""",
    "copy": """
import sys
from pathlib import Path
Path(sys.argv[1]).parent.mkdir(parents=True, exist_ok=True)
Path(sys.argv[1]).write_text("{}")
""",
    # A run notes in .scratch/notes that it started; with a file hold-ARM there it waits until that
    # is gone. So a test sees runs side by side, and interrupts them.
    "train": """
import json, sys, time
from pathlib import Path
from ablation.monitoring.provenance import outputs, processor
from ablation.training.inputs import Inputs, dependencies, identity
JUDGING = ("judging",)

def main(name, seed):
    key, notes, config = f"{name}-{seed}", Path(".scratch/notes"), Path(f"configs/arms/{name}.yaml")
    arm = json.loads(config.read_text())
    inputs = Inputs(dependencies(Path("dvc.yaml"), "train", {"arm": name, "seed": seed}))
    network = Path(f"models/networks/{key}/{identity(inputs.without(*JUDGING))}-toy")
    record = {"arm": arm, "processor": processor(), "device": "cpu", "seconds": 90}
    notes.mkdir(parents=True, exist_ok=True)
    with (notes / "started").open("a") as file: print(key, file=file)
    while (notes / f"hold-{name}").exists(): time.sleep(0.02)
    if arm["train"]["rate"] > 1: sys.exit("the rate is too high")
    network.mkdir(parents=True, exist_ok=True)
    (network / "network.keras").write_text(key)
    (network / "record.json").write_text(json.dumps(record))
    run = Path(f"models/runs/{key}")
    run.mkdir(parents=True, exist_ok=True)
    (run / "history.csv").write_text(f"{arm['train']} {seed}")
    record |= {"inputs": inputs.digests, "outputs": outputs(run)}
    Path("models/provenance").mkdir(exist_ok=True)
    Path(f"models/provenance/{key}.json").write_text(json.dumps(record))

if __name__ == "__main__": main(*sys.argv[1:])
""",
    "evaluate": """
import json
from pathlib import Path
runs = sorted(Path("models/runs").iterdir())
texts = {run.name: (run / "history.csv").read_text() for run in runs}
Path("reports/metrics.json").write_text(json.dumps(texts))
""",
}

FILES = {
    "params.yaml": PARAMS,
    "dvc.yaml": GRAPH,
    "networks/cnn.py": "BLOCKS = 3\n",
    "judging/accuracy.py": "PLACES = 2\n",
    "data/README.md": "What is here.\n",
    "README.md": "A small study.\n",
    "reports/notes.md": "Written by hand.\n",
    ".gitignore": "/.scratch/\n/configs/\n/data/*\n!/data/README.md\n/logs/\n"
    "/models/networks/\n__pycache__/\n",
    ".dvcignore": "__pycache__/\n",
    "stages/__init__.py": "",
    **{f"stages/{name}.py": code.lstrip() for name, code in STAGES.items()},
}


class Study(Repository):
    """The small study, and the runner there."""

    notes = property(lambda self: self.path / ".scratch/notes")

    def runner(self, check: bool = True, module: str = "runner", **choices: str) -> str:
        """What the runner says with these choices of a person's."""
        words = [f"{name}={value}" for name, value in choices.items()]
        return self.run("env", *words, sys.executable, "-m", module, check=check)

    def begin(self, **choices: str) -> subprocess.Popen[bytes]:
        """Starts the runner; what it says goes to .scratch/said."""
        output = (self.path / ".scratch/said").open("wb")
        return subprocess.Popen(
            [sys.executable, "-m", "runner"], cwd=self.path, env={**environment(), **choices},
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip

    def said(self) -> str:
        return (self.path / ".scratch/said").read_text()

    def started(self) -> list[str]:
        """The runs that have started to train since the notes were last cleared."""
        path = self.notes / "started"
        return path.read_text().split() if path.exists() else []

    def forget(self) -> None:
        for note in self.notes.glob("*"):
            note.unlink()

    def hold(self, *arms: str) -> None:
        self.notes.mkdir(parents=True, exist_ok=True)
        for arm in arms:
            (self.notes / f"hold-{arm}").touch()

    def wait(self, for_what: Callable[[], object]) -> None:
        """Until it is so, or half a minute is over, which fails the test."""
        deadline = time.monotonic() + 30
        while not for_what():
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """DVC, git and the runner as a fresh shell would start them."""
    # The runner is called in the project's folder; the tests call it in folders of their own.
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in list(os.environ):
        if name.startswith(("DVC_", "GIT_")) or name in ("SCALE", "SET", "JOBS", "GPU", "RUN"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The small study, run by the runner and committed with its results."""
    os.environ["PYTHONPATH"] = str(ROOT)
    study = Study(tmp_path_factory.mktemp("finished") / "small")
    for name, text in FILES.items():
        (study.path / name).parent.mkdir(parents=True, exist_ok=True)
        (study.path / name).write_text(text)
    study.git("init", "--quiet")
    study.dvc("init", "--quiet")
    study.dvc("config", "core.analytics", "false")
    study.dvc("config", "core.autostage", "true")
    study.commit()
    study.runner()
    study.commit()
    return study


@pytest.fixture
def study(finished: Study, tmp_path: Path) -> Study:
    """A copy of it, with its cache, in which no run is noted."""
    study = Study(finished.copy(tmp_path / "small").path)
    study.forget()
    return study

"""A small study whose runs go to workers: its stages copy text and do what their arm says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ablation.base.files import write_yaml
from ablation.study.resolution import Resolved
from tests.pipeline.repository import Repository, made_of

ARMS = ("plain", "steep", "deep", "wide")
COSTLY = "deep"  # one that has seeds of its own

GRAPH = """\
stages:
  resolve:
    cmd: python -m stages.resolve
    deps: [stages/resolve.py, params.yaml, arms]
    outs: [configs: {push: false}]
  preprocess:
    cmd: python -m stages.preprocess
    deps: [stages/preprocess.py, configs/arms]
    outs: [data/sets: {push: false}, data/unused: {push: false}]
  train: &train
    matrix: {arm: "${arms}", seed: "${seeds}"}
    cmd: python -m stages.train ${item.arm} ${item.seed}
    deps: [stages/train.py, networks, "configs/arms/${item.arm}.yaml", data/sets]
    outs:
      - models/histories/${item.arm}-${item.seed}
      - models/networks/${item.arm}-${item.seed}.keras: {push: false}
  evaluate: &evaluate
    matrix: {arm: "${arms}", seed: "${seeds}"}
    cmd: python -m stages.evaluate ${item.arm} ${item.seed}
    deps: [stages/evaluate.py, data/sets, "models/networks/${item.arm}-${item.seed}.keras"]
    outs: ["models/evaluations/${item.arm}-${item.seed}"]
  train_costly: {<<: *train, matrix: {arm: "${costly_arms}", seed: "${costly_seeds}"}}
  evaluate_costly: {<<: *evaluate, matrix: {arm: "${costly_arms}", seed: "${costly_seeds}"}}
"""

PARAMETERS = f"""\
seeds: [0]
costly_seeds: [0]
arms: {{{", ".join(f"{arm}: {{}}" for arm in ARMS if arm != COSTLY)}}}
costly_arms: {{{COSTLY}: {{}}}}
"""

BEGIN = """
import json, os, sys, time
from pathlib import Path
arm, seed = (sys.argv[1:] + ["", ""])[:2]
key = f"{arm}-{seed}"

def write(name, text):
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)
"""
STAGES = {
    "resolve": """
import shutil
shutil.copytree("arms", "configs/arms", dirs_exist_ok=True)
""",
    "preprocess": """
write("data/sets/images", "images")
write("data/unused/images", "unused")
""",
    # What an arm's run does beside its work stands in a folder that no commit has.
    "train": """
told = Path(os.environ["BEHAVIOUR"]) / arm if "BEHAVIOUR" in os.environ else Path("none")
write(f".scratch/progress/{key}.json", json.dumps({
    "run": key, "epoch": 1, "epochs": 2, "share": 0.5, "resumed": 0.0, "accuracy": None,
    "images_per_second": 1.0, "seconds_left": 1.0, "epoch_ended": True}))
print("training", key, flush=True)
exec(told.read_text() if told.exists() else "")
text = Path("networks/cnn.py").read_text() + Path(f"configs/arms/{arm}.yaml").read_text()
write(f"models/histories/{key}/history.csv", f"epoch,{len(text)},{arm}")
write(f"models/networks/{key}.keras", text + Path("data/sets/images").read_text())
write(f"models/provenance/{key}/0.json", json.dumps({"commit": "abc", "seconds": 1.5}))
""",
    "evaluate": """
text = Path(f"models/networks/{key}.keras").read_text()
write(f"models/evaluations/{key}/metrics.json", json.dumps({"letters": len(text)}))
write(f"models/evaluations/{key}/predictions", text[:10])
""",
}


@pytest.fixture(scope="session")
def committed(
    tmp_path_factory: pytest.TempPathFactory, resolved: Callable[[str], Resolved]
) -> Repository:
    """The small study with all that comes before training, committed; no run has trained."""
    files = {
        "params.yaml": PARAMETERS,
        "dvc.yaml": GRAPH,
        "networks/cnn.py": "# Three blocks.\n",
        ".gitignore": "/configs/\n/models/\n/data/\n/.scratch/\n/logs/\n__pycache__/\n",
        ".dvcignore": "__pycache__/\n",
        "stages/__init__.py": "",
        **{f"stages/{name}.py": BEGIN + code for name, code in STAGES.items()},
    }
    repository = made_of(tmp_path_factory.mktemp("cluster") / "small", files)
    arm = resolved("smoke").arms["adam"].model_dump()
    for name in ARMS:
        write_yaml(repository.path / f"arms/{name}.yaml", arm)
    repository.dvc("repro", "preprocess")
    repository.commit()
    return repository


@pytest.fixture
def head(committed: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A copy of it; the test runs in its folder."""
    repository = committed.copy(tmp_path / "head")
    monkeypatch.chdir(repository.path)
    return repository


@pytest.fixture(scope="session")
def _behaviours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("behaviours")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEHAVIOUR", str(path))
        yield path


@pytest.fixture
def behaviour(_behaviours: Path) -> Path:
    """A folder with a file of code for each arm whose training does something of its own."""
    for file in _behaviours.iterdir():
        file.unlink()
    return _behaviours

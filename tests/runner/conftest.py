"""A small study in a real git and DVC repository: its stages copy text, and its graph is whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.pipeline.repository import Repository, made_of

PARAMS = """\
# Every choice of a small study.
scale: laptop   # which of `scales`
seeds: [0]      # one run an arm and seed
costly_seeds: [0]
scales:
  smoke: {size: 1}
  laptop: {size: 20}
arms:
  plain: {label: the plain one, rate: 0.5}
  steep: {label: the steep one, rate: 0.00001}   # less than a person would take
costly_arms: {}
"""

GRAPH = """\
stages:
  resolve:
    cmd: python -m stages.resolve
    deps: [stages/resolve.py, params.yaml]
    outs: [configs: {push: false}]
  train: &train
    matrix: {arm: "${arms}", seed: "${seeds}"}
    cmd: python -m stages.train ${item.arm}-${item.seed}
    deps: [stages/train.py, networks, "configs/arms/${item.arm}.yaml"]
    outs:
      - models/histories/${item.arm}-${item.seed}
      - models/networks/${item.arm}-${item.seed}: {push: false}
  evaluate: &evaluate
    matrix: {arm: "${arms}", seed: "${seeds}"}
    cmd: python -m stages.evaluate ${item.arm}-${item.seed}
    deps: [stages/evaluate.py, "models/networks/${item.arm}-${item.seed}"]
    outs: ["models/evaluations/${item.arm}-${item.seed}"]
  train_costly: {<<: *train, matrix: {arm: "${costly_arms}", seed: "${costly_seeds}"}}
  evaluate_costly: {<<: *evaluate, matrix: {arm: "${costly_arms}", seed: "${costly_seeds}"}}
  summarize:
    cmd: python -m stages.summarize
    deps: [stages/summarize.py, configs/study.yaml, models/evaluations]
    metrics: [reports/headline: {cache: false}]
    outs: [reports/tables: {cache: false}]
  report:
    cmd: python -m stages.report
    deps: [stages/report.py, reports/tables]
    outs: [reports/report.html: {cache: false}]
"""

BEGIN = "import hashlib, json, sys\nfrom pathlib import Path\nimport yaml\n"
STAGES = {
    # A label is in no arm's configuration: it concerns no run.
    "resolve": """
params = yaml.safe_load(Path("params.yaml").read_text())
if "speed" in params: sys.exit("resolve: params.yaml: speed: unknown key")
Path("configs/arms").mkdir(parents=True, exist_ok=True)
arms = {**params["arms"], **params["costly_arms"]}
for arm, entry in arms.items():
    size = params["scales"][params["scale"]]["size"]
    text = json.dumps({"rate": float(entry["rate"]), "size": size})
    Path(f"configs/arms/{arm}.yaml").write_text(text)
Path("configs/study.yaml").write_text(json.dumps({"arms": list(arms)}))
""",
    "train": """
arm = json.loads(Path(f"configs/arms/{sys.argv[1][:-2]}.yaml").read_text())
Path("models/networks").mkdir(parents=True, exist_ok=True)
text = Path("networks/cnn.py").read_text() + json.dumps(arm)
Path(f"models/networks/{sys.argv[1]}").write_text(text)
history = Path(f"models/histories/{sys.argv[1]}/history.csv")
history.parent.mkdir(parents=True)
history.write_text(f"epoch,rate,1,{arm},{sys.argv[1][-1]}")
name = hashlib.sha256(history.read_bytes()).hexdigest()[:16]
record = Path(f"models/provenance/{sys.argv[1]}/{name}.json")
record.parent.mkdir(parents=True, exist_ok=True)
record.write_text(json.dumps({"commit": "abc", "seconds": 1.5}))
""",
    "evaluate": """
Path("models/evaluations").mkdir(parents=True, exist_ok=True)
text = Path(f"models/networks/{sys.argv[1]}").read_text()
Path(f"models/evaluations/{sys.argv[1]}").write_text(text.splitlines()[-1])
""",
    "summarize": """
for folder in ("reports/headline", "reports/tables"): Path(folder).mkdir(parents=True)
for arm in yaml.safe_load(Path("configs/study.yaml").read_text())["arms"]:
    run = json.loads(Path(f"models/evaluations/{arm}-0").read_text())
    accuracies = {"test_accuracy": run["rate"], "validation_accuracy": run["size"] / 100}
    Path(f"reports/headline/{arm}.json").write_text(json.dumps(accuracies))
    Path(f"reports/tables/{arm}.csv").write_text(json.dumps(run))
""",
    "report": """
tables = sorted(Path("reports/tables").iterdir())
Path("reports/report.html").write_text("".join(table.read_text() for table in tables))
""",
}

FILES = {
    "params.yaml": PARAMS,
    "dvc.yaml": GRAPH,
    "networks/cnn.py": "# Three blocks.\n",
    "README.md": "A small study.\n",
    "reports/notes.md": "Written by hand.\n",
    ".gitignore": "/.scratch/\n/configs/\n/models/\n__pycache__/\n",
    ".dvcignore": "__pycache__/\n",
    **{f"stages/{name}.py": BEGIN + code for name, code in STAGES.items()},
}


ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """DVC and git as a fresh shell would start them, and nothing of theirs outside the test."""
    # The runner is called in the project's folder; the tests call it in folders of their own.
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in [name for name in os.environ if name.startswith(("DVC_", "GIT_"))]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The small study, run at the scale laptop and committed with its results."""
    repository = made_of(tmp_path_factory.mktemp("finished") / "small", FILES)
    repository.dvc("repro")
    repository.commit()
    return repository


@pytest.fixture
def small(finished: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A copy of the finished small study, with its cache; the test runs in its folder."""
    repository = finished.copy(tmp_path / "small")
    monkeypatch.chdir(repository.path)
    return repository


@pytest.fixture
def clone(finished: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A fresh clone of the finished small study, without data; the test runs in its folder."""
    path = tmp_path / "clone"
    finished.run("git", "clone", "--quiet", str(finished.path), str(path))
    monkeypatch.chdir(path)
    return Repository(path)

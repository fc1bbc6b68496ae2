"""The stages whose inputs are damaged: what each reads and what it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Stage:
    """A stage with its arguments; the files that it reads and leaves, as patterns."""

    name: str
    reads: tuple[str, ...]
    leaves: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join([self.name, *self.arguments])

    def recorded(self, path: Path) -> bool:
        """Whether the stage holds the file against dvc.lock.

        Training and judging leave that to DVC. How a run was made is no output of a stage, and what
        was gathered of it last is the stage's own.
        """
        own = self.name == "provenance" and "provenance" in path.as_posix()
        return self.name not in ("train", "evaluate") and not own

    def inputs(self) -> list[Path]:
        return _files(self.reads)

    def outputs(self) -> list[Path]:
        return _files(self.leaves)


def _files(patterns: tuple[str, ...]) -> list[Path]:
    """A pattern that is given twice counts twice."""
    return [path for one in patterns for path in sorted(Path().glob(one)) if path.is_file()]


def _figure(name: str) -> Stage:
    reads = (f"configs/figures/{name}.yaml", f"reports/tables/{name}/*")
    return Stage("figures", reads, (f"reports/figures/{name}.*",), ("name",), (name,))


def _of_run(name: str, arm: str, reads: tuple[str, ...], leaves: tuple[str, ...]) -> Stage:
    every = (f"configs/arms/{arm}.yaml", "data/split/0.npz", *reads)
    return Stage(name, every, leaves, ("arm", "seed"), (arm, "0"))


_ALL = [
    Stage(
        "compare",
        ("configs/study.yaml", "configs/claims.yaml", "models/histories/*/history.csv",
         "models/evaluations/*/metrics.json", "models/evaluations/*/predictions.npz",
         "data/split/*.npz", "data/sets/*/*/labels.npy", "data/raw/mnist.npz"),
        ("reports/comparison.csv", "reports/claims.*", "reports/images_test.csv"),
    ),
    Stage(
        "summarize",
        ("configs/study.yaml", "configs/data.yaml", "configs/claims.yaml", "configs/figures/*.yaml",
         "models/histories/*/*.csv", "models/evaluations/*/metrics.json", "reports/comparison.csv",
         "reports/claims.json", "data/split/*.npz", "data/sets/*/*/labels.npy",
         "data/samples/*.npz"),
        ("reports/metrics.json", "reports/runs.csv", "reports/curves.csv", "reports/headline/*",
         "reports/tables/*.*", "reports/tables/*/*"),
    ),
    Stage(
        "errors",
        ("configs/study.yaml", "configs/data.yaml", "data/compositions/test.npz",
         "data/sets/test/*/*.npy", "models/evaluations/*/predictions.npz", "reports/runs.csv"),
        ("reports/errors/*",),
    ),
    Stage(
        "submission",
        ("configs/study.yaml", "reports/runs.csv", "models/evaluations/vgg*/predictions.npz"),
        ("reports/submission.csv",),
    ),
    Stage(
        "provenance",
        ("configs/study.yaml", "models/histories/*/history.csv", "reports/provenance.json",
         "models/provenance/*/*.json"),
        ("reports/provenance.json",),
    ),
    Stage("split", ("configs/study.yaml", "configs/data.yaml", "data/sets/train/*/labels.npy"),
          ("data/split/*.npz",)),
    Stage(
        "report",
        ("configs/study.yaml", "configs/data.yaml", "configs/claims.yaml", "configs/sources.yaml",
         "configs/figures/*.yaml", "reports/*.json", "reports/*.csv", "reports/tables/*.csv",
         "reports/tables/*/*", "reports/errors/*", "reports/errors/*", "reports/figures/*.svg"),
        ("reports/report.html",),
    ),
    Stage("data_check", ("configs/data.yaml", "data/compositions/*.npz", "data/raw/mnist.npz",
                         "data/sets/*/modified/*.npy"),
          ("reports/data_check.json", "reports/figures/backgrounds.*")),
    Stage("samples", ("configs/figures/index.yaml", "configs/figures/augmentation.yaml",
                      "configs/arms/vgg_augmented.yaml", "data/sets/train/modified/*.npy"),
          ("data/samples/*",)),
    *map(_figure, ("optimizer", "best", "architectures", "augmentation", "differences",
                   "label_density")),
    _of_run("evaluate", "simple",
            ("configs/evaluation.yaml", "models/networks/simple-0.keras",
             "models/networks/simple-0.keras", "data/sets/*/modified/*.npy"),
            ("models/evaluations/simple-0/*",)),
    _of_run("train", "simple", ("data/sets/train/modified/*.npy",),
            ("models/histories/simple-0/*", "models/networks/simple-0.keras")),
]  # fmt: skip
STAGES = {str(stage): stage for stage in _ALL}
_FIGURES = [name for name in STAGES if name.startswith("figures")]
# Whose turn it is: cheap stages often, one that takes seconds seldom.
TURNS = [
    *["compare", "summarize", "errors", "submission", "provenance"] * 16, *_FIGURES * 3,
    *["split", "samples"] * 8, *["report"] * 9, "data_check", "evaluate simple 0",
]  # fmt: skip

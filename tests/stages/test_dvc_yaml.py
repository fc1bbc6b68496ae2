"""`dvc.yaml` names the code that each stage imports, so nothing goes stale or trains idly.

A dependency left out lets a result survive a change of the code that made it. One too many trains
networks again for nothing, or downloads or composes; in a stage of seconds it costs seconds.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from ablation.base.files import read_yaml
from tests.params import PAPER, PARAMS, ROOT

DVC: dict[str, Any] = read_yaml(ROOT / "dvc.yaml")
GRAPH: dict[str, Any] = DVC["stages"]
SCRIPTS = sorted(path.stem for path in (ROOT / "stages").glob("*.py") if path.stem != "__init__")
KINDS = sorted({figure["kind"] for figure in PAPER["figures"].values()})
# These import the module named as a figure's kind when they are asked for it.
BY_KIND = {"figures": "ablation.reporting.figures"}
COSTLY = "_costly"
RUNS = ("train", f"train{COSTLY}")
EXACT = ("preprocess", *RUNS)  # whose reruns cost more than seconds
# Not among training's dependencies. Monitoring tells people of a run and records its circumstances,
# and nothing of it reaches a number; what composes fresh images stands in the arm's configuration.
IMPLIED = {"train": ("ablation/monitoring/", "ablation/composition/")}
IN_GIT = ("reports/", "models/")  # what stages make that is in git and out of DVC's cache


# --- what a stage imports ---------------------------------------------------------------------


def source(module: str) -> Path | None:
    """The file of a module, relative to the project; None where there is no such module."""
    path = Path(*module.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if (ROOT / file).is_file():
            return file
    return None


@cache
def is_docstring(file: Path) -> bool:
    """Whether the file holds a docstring alone, as a package may: no result depends on it."""
    statements = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    return file.name == "__init__.py" and all(
        isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant) for s in statements
    )


@cache
def imported(file: Path) -> set[str]:
    """The dotted names that a file imports anywhere, of modules or of what is in them."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are by the whole name"
            names |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@cache
def closure(*files: Path) -> set[str]:
    """These files and every file of the package that they lead to, importing packages on the way.

    A file that is imported for type checking alone counts too.
    """
    found: set[Path] = set()
    waiting = list(files)
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.add(file)
        for name in imported(file):
            parts = name.split(".")
            if parts[0] not in ("ablation", "stages", "runner"):
                continue
            for end in range(1, len(parts) + 1):
                led = source(".".join(parts[:end]))
                if led is not None:
                    waiting.append(led)
    return {file.as_posix() for file in found if not is_docstring(file)}


def needed(stage: str, kinds: list[str]) -> set[str]:
    """Every code file that a stage imports, with the modules of these kinds of figures."""
    files = [Path("stages") / f"{script(stage)}.py"]
    if stage in BY_KIND:
        for kind in kinds:
            file = source(f"{BY_KIND[stage]}.{kind}")
            assert file is not None, f"{BY_KIND[stage]} has no module for the kind {kind}"
            files.append(file)
    implied = IMPLIED.get(script(stage), ())
    return {path for path in closure(*files) if not path.startswith(implied)}


# --- what dvc.yaml declares -------------------------------------------------------------------


def body(stage: str) -> dict[str, Any]:
    return GRAPH[stage].get("do", GRAPH[stage])


def script(stage: str) -> str:
    """The script of a stage: costly arms have stages of their own, and no scripts."""
    return stage.removesuffix(COSTLY)


def items(stage: str) -> list[dict[str, str]]:
    """What `${...}` stands for in each instance of a stage."""
    if "matrix" in GRAPH[stage]:
        group = "costly_" if stage.endswith(COSTLY) else ""
        return [
            {"${item.arm}": arm, "${item.seed}": str(seed)}
            for arm in PARAMS[f"{group}arms"]
            for seed in PARAMS[f"{group}seeds"]
        ]
    if "foreach" in GRAPH[stage]:
        return [
            {"${key}": name, "${item.kind}": figure["kind"]}
            for name, figure in PAPER["figures"].items()
        ]
    return [{}]


def filled(text: str, item: dict[str, str]) -> str:
    for key, value in item.items():
        text = text.replace(key, value)
    assert "$" not in text
    return text


def paths(entries: list[Any], item: dict[str, str]) -> list[str]:
    """The paths of deps, outs or metrics, each a text or a mapping of one path to its settings."""
    return [filled(e if isinstance(e, str) else next(iter(e)), item) for e in entries]


def declared_code(stage: str, item: dict[str, str]) -> set[str]:
    """The code files that a stage declares; a folder covers all of its modules."""
    code: set[str] = set()
    for path in paths(body(stage)["deps"], item):
        if path.split("/")[0] not in ("ablation", "stages", "runner"):
            continue
        assert (ROOT / path).exists(), f"{stage} depends on {path}, which does not exist"
        files = (ROOT / path).rglob("*") if (ROOT / path).is_dir() else [ROOT / path]
        code |= {
            file.relative_to(ROOT).as_posix()
            for file in files
            if file.is_file() and "__pycache__" not in file.parts
        }
    return code


# --- the tests --------------------------------------------------------------------------------


def test_the_walk_of_imports_finds_what_is_hidden() -> None:
    """The walk itself, on what is known of the project."""
    train = closure(Path("stages/train.py"))
    assert "ablation/networks/batch_normalization.py" in train  # by way of architectures and cnn
    assert "ablation/training/config.py" in train
    assert "ablation/monitoring/provenance.py" in train
    figures = closure(Path("ablation/reporting/figures/curves.py"))
    assert "ablation/reporting/figures/__init__.py" in figures
    assert "ablation/reporting/figures/style.py" in figures
    assert "ablation/composition/backgrounds/noise.py" in closure(Path("stages/preprocess.py"))
    assert "ablation/networks/__init__.py" not in train  # a docstring


def test_every_stage_is_a_script_of_its_name() -> None:
    assert sorted(set(map(script, GRAPH))) == SCRIPTS
    for stage in GRAPH:
        assert body(stage)["cmd"].split()[:3] == ["python", "-m", f"stages.{script(stage)}"]
        assert body(stage)["deps"][0] == f"stages/{script(stage)}.py"


@pytest.mark.parametrize("stage", list(GRAPH))
def test_a_stage_declares_the_code_that_it_imports(stage: str) -> None:
    for item in items(stage):
        kinds = [item["${item.kind}"]] if "${item.kind}" in item else KINDS
        missing = needed(stage, kinds) - declared_code(stage, item)
        assert sorted(missing) == [], f"{stage} imports but does not declare these"


@pytest.mark.parametrize("stage", EXACT)
def test_a_costly_stage_declares_no_code_that_it_does_not_import(stage: str) -> None:
    for item in items(stage):
        declared = {path for path in declared_code(stage, item) if not is_docstring(Path(path))}
        idle = declared - needed(stage, KINDS)
        assert sorted(idle) == [], f"{stage} declares but does not import these"


@pytest.mark.parametrize("stage", list(GRAPH))
def test_a_stage_declares_the_other_files_of_the_package_that_it_reads(stage: str) -> None:
    others = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "ablation").rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    code = "".join((ROOT / path).read_text(encoding="utf-8") for path in needed(stage, KINDS))
    read = {path for path in others if PurePosixPath(path).name in code}
    for item in items(stage):
        assert read <= declared_code(stage, item)


# What people edit often, and no run may be trained again for.
HARMLESS = (
    "ablation/monitoring", "ablation/reporting", "ablation/inputs", "ablation/statistics",
    "ablation/study", "ablation/composition", "runner", "stages/report.py", "params.yaml",
    "paper.yaml",
)  # fmt: skip


@pytest.mark.parametrize("path", HARMLESS)
def test_an_edit_of_what_no_run_is_made_of_trains_nothing(path: str) -> None:
    assert (ROOT / path).exists()
    for stage in RUNS:
        for item in items(stage):
            assert not any(dep.startswith(path) for dep in paths(body(stage)["deps"], item))


def test_training_composes_through_the_configuration_alone() -> None:
    """Training reaches the composing code through the arm's `fresh` alone, which has its digest."""
    folders = ("ablation/training", "ablation/networks", "ablation/base")
    for folder in folders:
        for file in (ROOT / folder).rglob("*.py"):
            names = imported(file.relative_to(ROOT))
            assert not any(name.startswith("ablation.composition") for name in names), file
    tree = ast.parse((ROOT / "stages/train.py").read_text(encoding="utf-8"))
    outside = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not any("composition" in ast.dump(node) for node in outside)


def test_no_stage_but_resolve_reads_params_yaml_or_paper_yaml() -> None:
    assert {"params.yaml", "paper.yaml"} <= set(GRAPH["resolve"]["deps"])
    for stage in GRAPH:
        assert "params" not in body(stage)
        if stage != "resolve":
            assert not {"params.yaml", "paper.yaml"} & set(body(stage)["deps"])


@pytest.mark.parametrize("stage", RUNS)
def test_every_arm_runs_with_every_seed_of_its_section(stage: str) -> None:
    group = "costly_" if stage.endswith(COSTLY) else ""
    assert GRAPH[stage]["matrix"] == {"arm": f"${{{group}arms}}", "seed": f"${{{group}seeds}}"}
    # But for which runs they are, a costly arm's stages are those of the others: so a run is the
    # same in either section, and `stages.train` reads what either depends on.
    other = GRAPH[script(stage)]
    assert GRAPH[stage] | {"matrix": None} == other | {"matrix": None}
    assert GRAPH[stage]["cmd"].endswith(" ${item.arm} ${item.seed}")
    assert "configs/arms/${item.arm}.yaml" in GRAPH[stage]["deps"]
    for entry in GRAPH[stage]["outs"]:
        out = entry if isinstance(entry, str) else next(iter(entry))
        assert "${item.arm}-${item.seed}" in out  # no two runs write the same file


OUTPUTS = [
    path
    for stage in GRAPH
    for item in items(stage)
    for path in paths([*body(stage)["outs"], *body(stage).get("metrics", [])], item)
]


def test_every_file_that_a_stage_reads_is_made_by_a_stage() -> None:
    for stage in GRAPH:
        for dep in {dep for item in items(stage) for dep in paths(body(stage)["deps"], item)}:
            if dep.startswith("stages/"):
                continue
            # docs/ has runs that were made before: of pilots and of other scales.
            if dep.startswith(("ablation/", "docs/")) or dep in ("params.yaml", "paper.yaml"):
                continue
            inside = any(dep == out or dep.startswith(f"{out}/") for out in OUTPUTS)
            around = any(out.startswith(f"{dep}/") for out in OUTPUTS)
            assert inside or around, f"{stage} reads {dep}, which no stage makes"


def test_no_two_stages_make_the_same_file() -> None:
    assert len(set(OUTPUTS)) == len(OUTPUTS)
    for out in OUTPUTS:
        assert not any(out != other and out.startswith(f"{other}/") for other in OUTPUTS)


def test_what_is_in_git_is_out_of_dvc_s_cache_and_the_rest_in_it() -> None:
    for stage in GRAPH:
        for entry in [*body(stage)["outs"], *body(stage).get("metrics", [])]:
            path = entry if isinstance(entry, str) else next(iter(entry))
            cached = isinstance(entry, str) or entry[path].get("cache", True)
            assert cached == (not path.startswith(IN_GIT)), path


# --- what a stage's start costs ---------------------------------------------------------------


NETWORKS = (*RUNS, "samples")  # the stages that build one


@pytest.mark.parametrize("stage", [s for s in GRAPH if s not in NETWORKS])
def test_only_these_lead_to_a_framework(stage: str) -> None:
    for path in needed(stage, KINDS):
        roots = {name.split(".")[0] for name in imported(Path(path))}
        assert not roots & {"keras", "tensorflow", "jax"}, path


def test_importing_a_stage_imports_no_framework() -> None:
    """The stages that build a network import it when they run, after they have set its threads."""
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    importlib.import_module(f'stages.{name}')\n"
        "    slow = {'tensorflow', 'keras', 'jax'}\n"
        "    if name != 'fetch': slow |= {'h5py', 'onnx'}  # what it reads weights with\n"
        "    if slow & set(sys.modules): sys.exit(f'{name} imports {slow & set(sys.modules)}')\n"
    )
    stages = sorted(SCRIPTS, key=lambda name: name == "fetch")
    done = subprocess.run(
        [sys.executable, "-c", code, *stages], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_plots_show_what_the_stages_make_by_templates_that_are_there() -> None:
    for plot in DVC["plots"]:
        if isinstance(plot, str):
            assert plot in OUTPUTS
            continue
        (settings,) = plot.values()
        assert (ROOT / ".dvc" / "plots" / f"{settings['template']}.json").is_file()
        for path in settings["y"]:
            assert any(path.startswith(f"{out}/") for out in OUTPUTS), path

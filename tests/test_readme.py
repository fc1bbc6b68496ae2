"""The README: short, its links lead somewhere, and its commands and its example are real ones."""

from __future__ import annotations

import ast
import copy
import re
import shlex
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
import yaml
from runner.readme import CLAIMS, TABLE, filled

from ablation.study.resolution import resolve
from tests.params import PARAMS
from tests.pipeline.repository import Repository

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^(make [^#\n]*?)(?: +#.*)?$", README, re.MULTILINE)
TYPED = [*COMMANDS, *re.findall(r"`((?:make|dvc) [a-z][^`\n]*)`", README)]
LINKS = sorted(set(re.findall(r"\]\(([^)#]+)", README)))
MOST_LINES, MOST_WORDS = 120, 800


def test_it_is_short() -> None:
    assert len(README.splitlines()) < MOST_LINES
    assert len(README.split()) < MOST_WORDS


@pytest.mark.parametrize("link", [link for link in LINKS if "://" not in link])
def test_its_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([a-z_]+(?:/|\.(?:yaml|md)))`", README))))
def test_the_files_and_folders_that_it_names_are_there(path: str) -> None:
    assert (ROOT / path).exists()


def form(program: str, words: Iterable[str]) -> tuple[str, ...]:
    """What is typed without its values: `make exp SET=`, `dvc exp run -S`."""
    known = [re.sub("=.*", "=", word) for word in words]
    if program == "make":
        return (program, known[0], *sorted(word for word in known[1:] if word.endswith("=")))
    return (program, *(word for word in known if not word.endswith("=")))


@cache
def by_tests() -> set[tuple[str, ...]]:
    """What tests type in a real repository: `repository.make(...)`, `.dvc(...)`, ["make", ...]."""
    found = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                program, words = node.func.attr, node.args
            elif isinstance(node, ast.List) and node.elts and constant(node.elts[0]) == "make":
                program, words = "make", node.elts[1:]
            else:
                continue
            said = [text for text in map(constant, words) if text]
            plain = [text for text in said if not text.startswith("--")]
            if program in ("make", "dvc") and plain:
                found |= {form(program, plain), form(program, said)}
    return found


def constant(node: ast.expr) -> str | None:
    """A text, or the beginning of one that holds a value."""
    if isinstance(node, ast.JoinedStr) and node.values:
        return constant(node.values[0])
    return str(node.value) if isinstance(node, ast.Constant) else None


@pytest.mark.parametrize("command", [each for each in TYPED if each != "make test"])
def test_every_command_is_typed_by_a_test(command: str) -> None:
    """`make test` is what runs the tests. A number of runs at a time changes no command."""
    program, *words = shlex.split(command)
    typed = {tuple(word for word in each if word != "JOBS=") for each in by_tests()}
    assert form(program, words) in typed


@pytest.mark.skipif(not (ROOT / "models/shipped").exists(), reason="no network is shipped")
def test_it_predicts_as_it_says(tmp_path: Path) -> None:
    """Answer, probability, where which digit was seen."""
    (told,) = re.findall(r"^make predict IMAGE=docs/digits\.png +# (.*)$", README, re.MULTILINE)
    said = Repository(ROOT, tmp_path).make("predict", "IMAGE=docs/digits.png")
    # Another processor rounds otherwise: the probability may be another in its last digit.
    digit, _, *places = told.split()
    assert re.match(rf"digits\.png +{digit} +99\.\d% +{re.escape(' '.join(places))}\n", said)


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_are_targets_of_the_makefile(command: str) -> None:
    done = subprocess.run(
        ["bash", "-c", command.replace("make", "make --dry-run --no-print-directory", 1)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "python -m runner" in done.stdout


def test_help_lists_every_command() -> None:
    done = subprocess.run(
        ["make", "--silent", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    listed = set(re.findall(r"^make (\w+)", done.stdout, re.MULTILINE))
    assert {command.split()[1] for command in COMMANDS} <= listed
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    internal = {"lock", "lint", "test-study", "test-rest"}
    assert listed == set(phony.group(1).split()) - internal


def test_its_new_arm_is_one() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    params = copy.deepcopy(PARAMS)
    params["arms"] |= yaml.safe_load(example)["arms"]
    arms = resolve(params).arms
    slow, adam = (arms[name].train.optimizer for name in ("adam_slow", "adam"))
    assert slow.algorithm == "adam"
    assert slow.learning_rate == pytest.approx(adam.learning_rate / 3)  # as its label says


def test_results_are_printed_as_they_are_or_one_line_says_what_to_run() -> None:
    done = subprocess.run(
        ["make", "--silent", "results"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if (ROOT / TABLE).exists():
        assert done.stdout == (ROOT / TABLE).read_text(encoding="utf-8")
    else:
        assert done.stdout == ""
        assert done.stderr.startswith("no results of this code are here yet: run make repro")


TABLE_TEXT = """| Arm    | Test (%) | To the baseline (points) | Verdict |
|--------|----------|--------------------------|---------|
| SGD, x | 80.0     | +1.0                     | better  |
| base   | 79.0     | -                        |         |

Scale laptop, 3 seeds; brackets: 95% intervals.
"""


def test_its_table_of_results_is_filled_from_the_reports() -> None:
    claim = {"kind": "level", "arms": ["sgd"], "metric": "test_accuracy", "paper": 0.963}
    params = {"arms": {}, "costly_arms": {"sgd": {"label": "SGD, x"}}, "claims": {"a": claim}}
    mark = "Head\n<!-- results: sgd -->\nold\n<!-- end of results -->\n"
    claims = "# Claims\n\nOf 2 claims 1 holds. More.\n"
    text = filled(mark, TABLE_TEXT, claims, params)
    assert text.splitlines()[2:] == [
        "| Arm | Test (%) | To the baseline (points) | Paper |",
        "| --- | --- | --- | --- |",
        "| SGD, x | 80.0 | +1.0 | 96.3% (test) |",
        "",
        "Scale laptop, 3 seeds; brackets: 95% intervals.",
        "",
        "Of 2 claims 1 holds.",
        "<!-- end of results -->",
    ]
    # Numbers of seeds that differ have a column there, and stand below the table here.
    counted = TABLE_TEXT.replace("x |", "x | 3 |").replace("base   |", "base | 3 |")
    counted = counted.replace("Arm    |", "Arm | n |")
    assert filled(mark, counted, claims, params) == text


@pytest.mark.skipif(not (ROOT / TABLE).exists(), reason="no results of this code are committed")
def test_its_table_is_that_of_the_committed_results() -> None:
    table, claims = ((ROOT / path).read_text(encoding="utf-8") for path in (TABLE, CLAIMS))
    assert filled(README, table, claims, PARAMS) == README, "run `python -m runner.readme`"

"""params.yaml and paper.yaml as trees, read as DVC reads them: YAML 1.2, through ruamel.

DVC also writes params.yaml (`dvc exp run -S`), and YAML 1.1 would read some of that otherwise:
1e-05 as a text.
"""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from ablation.base.section import Tree
from ablation.study.checks import ConfigError

PARAMS, PAPER = Path("params.yaml"), Path("paper.yaml")


def read(path: Path) -> Tree:
    """The tree in a file.

    Raises:
        ConfigError: it is missing, is no YAML 1.2, or repeats a key; one line, with its number.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing; `git checkout {path}` brings it back") from None
    except ValueError as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from None
    return parse(text, path)


def parse(text: str, path: Path) -> Tree:
    """The tree in a text; `path` is the file that it is of, for the message.

    Raises:
        ConfigError: it is no YAML 1.2, or repeats a key; one line, with its number.
    """
    try:
        tree: Tree = YAML(typ="safe").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" line {mark.line + 1}:" if mark else ""
        problem = str(error.problem).partition("\n")[0]
        raise ConfigError(f"{path}:{line} not valid YAML: {problem}") from None
    except (YAMLError, ValueError) as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from None
    return tree

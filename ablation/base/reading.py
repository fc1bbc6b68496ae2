"""What every reader of a file does with a file that is not what it should be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from ablation.base.errors import UserError, brief


@contextmanager
def refusing(path: Path, kind: str, made_by: str | None) -> Iterator[None]:
    """Turns whatever the reading of `path` raises into one line: the file, the reason, what to run.

    Libraries answer damaged bytes with a dozen kinds of errors, so any kind counts. A file that is
    missing or forbidden is no damage: that error passes, and `base.cli` tells it.

    Args:
        kind: of file, as it is called: JSON, say.
        made_by: the stage that wrote it; None where no stage did.

    Raises:
        UserError: the file is no such file, or a damaged one.
    """
    try:
        yield
    except UserError as error:
        raise UserError(f"{path} {error}{_remedy(path, made_by)}") from None
    except Exception as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise
        raise UserError(f"{path} is no {kind}: {_reason(error)}{_remedy(path, made_by)}") from None


def _remedy(path: Path, made_by: str | None) -> str:
    # Removed, because what DVC or a person put there would else pass for what the stage wrote.
    return f"; remove {path.name} and run `dvc repro {made_by}`" if made_by else ""


def _reason(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"{brief(error.problem)} in line {error.problem_mark.line + 1}"
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, EOFError):
        return "it ends too early"
    if isinstance(error, KeyError):
        return f"it lacks {brief(error)}"
    return brief(error) or type(error).__name__

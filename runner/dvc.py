"""DVC, with a lock file that is written whole and fast: `python -m runner.dvc ARGUMENTS`.

After every stage DVC reads and writes `dvc.lock` in pure Python, for the sake of comments that it
does not have, and in place, so that a kill in that second destroys it. With 240 stages that is two
thirds of what a run costs beside its training. Here libyaml reads and writes the same content, and
the file is replaced when it is whole. An interrupt waits until a stage that has ended is recorded.
`repro` does not tell to use `dvc push`, which nobody need, nor of folders that may be empty, nor of
stages that have nothing to do.
All else is DVC's own.
"""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.representer import SafeRepresenter

from ablation.base.files import write_text

# Said of a folder for a person's own files, in every run of whoever has none; and of each of the
# hundreds of stages for which there is nothing to do.
UNSAID = ("'%s' is empty.", "Stage '%s' didn't change, skipping")


def main() -> None:
    import dvc.dvcfile
    import dvc.repo.reproduce
    from dvc.cli import main as dvc_main
    from dvc.commands.repro import CmdRepro

    from runner import safeguard

    original = dvc.dvcfile.modify_yaml

    @contextmanager
    def modify(path: str, fs: Any = None) -> Iterator[dict[str, Any]]:
        if not os.fspath(path).endswith(".lock"):
            with original(path, fs=fs) as content:
                yield content
            return
        file = Path(path)
        content = read(file.read_text(encoding="utf-8")) if file.exists() else {}
        yield content
        text = write(content)
        write_text(file, text)
        if file.parent.resolve() == Path.cwd():
            safeguard.keep(text)

    dvc.dvcfile.modify_yaml = modify
    for name in ("dvc.output", "dvc.stage"):
        logging.getLogger(name).addFilter(lambda record: record.msg not in UNSAID)

    def reproduce(*arguments: Any, **options: Any) -> Any:
        with deferred():
            return once(*arguments, **options)

    all_of_them, once = dvc.repo.reproduce._reproduce, dvc.repo.reproduce._reproduce_stage
    dvc.repo.reproduce._reproduce = partial(all_of_them, repro_fn=reproduce)
    CmdRepro.run = _reproduce
    sys.exit(dvc_main(sys.argv[1:]))


@contextmanager
def deferred() -> Iterator[None]:
    """An interrupt ends the stage's command, which gets it too, and DVC only after its records.

    The command then fails and DVC says so. Where the command has ended, DVC first keeps its results
    and writes them into the lock file, so that what was computed is not computed again.

    Raises:
        KeyboardInterrupt: at the end, where there was an interrupt and the command had ended well.
    """
    came: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {
        number: signal.signal(number, lambda number, _: came.append(number)) for number in numbers
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


def _reproduce(command: Any) -> int:
    """`dvc repro` without what it says at its end."""
    from dvc.commands.status import CmdDataStatus
    from dvc.ui import ui

    if not command.repo.reproduce(**command._common_kwargs, **command._repro_kwargs):
        ui.write(CmdDataStatus.UP_TO_DATE_MSG)
    return 0


def read(text: str) -> dict[str, Any]:
    """The content of a lock file, as DVC reads it: YAML 1.2."""
    return _yaml().load(text) or {}


def write(content: dict[str, Any]) -> str:
    """The text of a lock file; a digest that looks like a number is quoted, as DVC quotes it."""
    text = io.StringIO()
    _yaml().dump(content, text)
    return text.getvalue()


def _yaml() -> YAML:
    yaml = YAML(typ="safe")
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    # DVC's own ordered mappings are plain ones, as in its own writer.
    yaml.representer.add_representer(OrderedDict, SafeRepresenter.represent_dict)
    return yaml


if __name__ == "__main__":
    main()

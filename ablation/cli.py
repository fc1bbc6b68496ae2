"""What every stage script does around its work: a person's mistake is one line, not a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable


def run(
    stage: str, main: Callable[[], None], expected: tuple[type[Exception], ...] = (ValueError,)
) -> None:
    """Runs a stage. A wrong value or a missing file ends it with one line and exit status 1.

    `expected` are the errors whose message is written for a person. A defect of the program
    itself (any other exception) keeps its traceback.
    """
    try:
        main()
    except FileNotFoundError as error:
        sys.exit(f"{stage}: {error.filename} is missing; run `dvc repro`, which makes it")
    except expected as error:
        sys.exit(f"{stage}: {error}")
    except KeyboardInterrupt:
        sys.exit(f"{stage}: interrupted; run the same command again to go on")

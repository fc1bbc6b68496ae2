"""How many processor threads a network may use; to be said before a framework is imported."""

from __future__ import annotations

import os


def limit(count: int) -> None:
    """Frameworks imported after this use `count` threads for their operations.

    The order in which threads add up changes the last bits, so a run's result belongs to its
    number of threads.
    """
    for name in (
        "TF_NUM_INTRAOP_THREADS",
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",  # torch heeds it before OpenMP's
        "OPENBLAS_NUM_THREADS",
    ):
        os.environ[name] = str(count)
    os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    # Start-up notices of TensorFlow's libraries would bury the progress.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

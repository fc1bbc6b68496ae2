"""Keras and its backend with the project's settings, whatever the user's are.

`keras.json`, exported variables and the order of imports could each change a result. Here they are
set or refused before Keras is imported.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from ablation.base.errors import UserError
from ablation.training.config import TrainConfig

# Where a person chooses a device, which the runner does too.
_DEVICE = ("JAX_PLATFORMS", "XLA_PYTHON_CLIENT_PREALLOCATE", "XLA_PYTHON_CLIENT_MEM_FRACTION")
_PREFIXES = ("KERAS_", "TF_", "JAX_", "XLA_")


def start(config: TrainConfig) -> None:
    """Imports Keras on the arm's backend, with its threads and Keras's own defaults.

    The order in which threads add up changes the last bits, so a run's result belongs to its number
    of threads.

    Raises:
        UserError: `KERAS_BACKEND` names another backend, Keras runs on another already, or JAX does
            not find the device that `JAX_PLATFORMS` asks for.
    """
    asked = os.environ.get("KERAS_BACKEND", config.backend)
    if asked != config.backend:
        raise UserError(
            f"KERAS_BACKEND is {asked!r} and train.backend {config.backend!r}; unset the variable, "
            f"or set train.backend={asked}"
        )
    limit(config.threads)
    os.environ["KERAS_BACKEND"] = config.backend
    with _silence():
        import keras

        if config.backend == "tensorflow":  # its devices have more to say when they are first used
            keras.ops.convert_to_numpy(keras.ops.zeros(1))
    if keras.backend.backend() != config.backend:
        raise UserError(
            f"Keras runs on {keras.backend.backend()} in this process already and train.backend is "
            f"{config.backend!r}; start a process of its own"
        )
    if config.backend == "jax":
        _find_device()
    # What a home's keras.json may have changed.
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_dtype_policy("float32")


def _find_device() -> None:
    import jax

    try:
        jax.devices()
    except (RuntimeError, AssertionError) as error:  # the latter where no plugin for it is there
        asked, said = os.environ.get("JAX_PLATFORMS"), " ".join(str(error).split())
        reason = said or "this installation of JAX has none such"
        raise UserError(f"JAX finds no device of JAX_PLATFORMS={asked}: {reason}") from None


def limit(count: int) -> None:
    """Frameworks imported after this use `count` threads and no setting from outside."""
    for name in [name for name in os.environ if name.startswith(_PREFIXES)]:
        if name not in (*_DEVICE, "KERAS_BACKEND"):
            del os.environ[name]
    for name in (
        "TF_NUM_INTRAOP_THREADS",
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "NPROC",  # XLA's own, which JAX has on a processor
    ):
        os.environ[name] = str(count)
    os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # TensorFlow's default; without, other last bits
    # Start-up notices of TensorFlow's libraries would bury the progress.
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def device() -> str:
    """The device that trains, as the backend calls it: a GPU's name, or `cpu`."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        return str(jax.devices()[0].device_kind)
    import tensorflow as tf

    return "GPU" if tf.config.list_physical_devices("GPU") else "cpu"


def versions() -> str:
    """Of what computes, in one word: the same code on other versions may give other last bits."""
    import keras

    names = ("keras", keras.backend.backend(), "numpy")
    return "-".join(f"{name}{version(name)}" for name in names)


def in_force() -> dict[str, str]:
    """The variables that a framework reads, as they are set now."""
    prefixes = (*_PREFIXES, "CUDA_VISIBLE_DEVICES", "NPROC", "OMP_", "MKL_", "OPENBLAS_")
    return {name: os.environ[name] for name in sorted(os.environ) if name.startswith(prefixes)}


@contextmanager
def _silence() -> Iterator[None]:
    """Keeps back what libraries say while they load, unless they fail.

    They write to the file descriptor itself, some before they read their logging level.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as kept:
        own = os.dup(2)
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            kept.seek(0)
            os.write(own, kept.read())
            raise
        finally:
            os.dup2(own, 2)
            os.close(own)

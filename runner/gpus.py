"""Which NVIDIA GPUs there are, and the environment of a run on one of them."""

from __future__ import annotations

import os
import subprocess

from ablation.base.errors import UserError

# nvidia-smi comes with the driver: it needs no framework, and takes none of a GPU's memory.
QUERY = ["nvidia-smi", "--query-gpu=index,name", "--format=csv,noheader"]
# What a run on the processor has set: no framework takes a GPU that it was not given.
NONE = {"CUDA_VISIBLE_DEVICES": ""}
# What a run on a GPU has set, beside which GPU.
ON_ONE = {
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID",  # as the driver numbers them
    "JAX_PLATFORMS": "cuda",  # a run that cannot use it fails, instead of taking days
    # Else JAX takes three quarters of the memory, whatever else is on the device.
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}
# How a study trains on GPUs: an epoch at a time, compiled, its data on the device.
SETTINGS = ["train.backend=jax", "train.engine=compiled"]


def places() -> list[dict[str, str]]:
    """The environment of a run on each of the GPUs that this process may use.

    Raises:
        UserError: there are none, or the driver does not answer.
    """
    try:
        done = subprocess.run(QUERY, check=False, capture_output=True, text=True, timeout=60)
        said = " ".join((done.stderr or done.stdout).split())[:200]
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"GPU=1 needs an NVIDIA GPU with its driver: {error}") from None
    columns = [line.partition(",")[0].strip() for line in done.stdout.splitlines()]
    listed = [index for index in columns if index.isdecimal()]
    if done.returncode != 0 or not listed:
        raise UserError(f"GPU=1 needs an NVIDIA GPU, but nvidia-smi lists none: {said}")
    asked = os.environ.get("CUDA_VISIBLE_DEVICES", ",".join(listed)).replace(" ", "").split(",")
    found = [index for index in listed if index in asked]
    if not found:
        raise UserError(
            f"CUDA_VISIBLE_DEVICES is {','.join(asked)!r}; allowed: numbers of nvidia-smi, "
            f"{', '.join(listed)}"
        )
    return [{**ON_ONE, "CUDA_VISIBLE_DEVICES": index} for index in found]

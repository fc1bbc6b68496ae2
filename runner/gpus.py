"""Which NVIDIA GPUs there are, and what a run on one of them needs to be told."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runner.graph import StudyError

# nvidia-smi comes with the driver: it needs no framework, and takes none of a GPU's memory.
FIELDS = "index,name,memory.total,compute_cap"
QUERY = ("nvidia-smi", f"--query-gpu={FIELDS}", "--format=csv,noheader")
BFLOAT16 = 8.0  # the compute capability from which on a GPU multiplies it in hardware
# What a run on the processor has set: no framework takes a GPU that it was not given.
NONE: Mapping[str, str] = {"CUDA_VISIBLE_DEVICES": ""}
# What one on a GPU has set beside which GPU.
ON_ONE: Mapping[str, str] = {
    "JAX_PLATFORMS": "cuda",  # a run that cannot use it fails, instead of taking days
    # Else the first process takes three quarters of the memory, and a second one fails.
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}
PATIENCE = 60.0  # seconds; a driver that is not loaded yet takes some


@dataclass(frozen=True)
class Gpu:
    """One device, as the driver says it.

    Attributes:
        index: as CUDA counts it.
        capability: of computing, 9.0 say.
    """

    index: str
    name: str
    memory: str
    capability: str

    @property
    def multiplies_bfloat16(self) -> bool:
        return float(self.capability) >= BFLOAT16

    def __str__(self) -> str:
        return f"{self.name}, {self.memory}"

    @property
    def environment(self) -> dict[str, str]:
        """What a process that trains on this one alone has set."""
        return {
            "CUDA_DEVICE_ORDER": "PCI_BUS_ID",  # as the driver numbers them
            "CUDA_VISIBLE_DEVICES": self.index,
            **ON_ONE,
        }


def gpus() -> list[Gpu]:
    """The GPUs that this process may use, asked in a process of its own.

    Raises:
        StudyError: there are none, or the driver does not answer.
    """
    try:
        done = subprocess.run(QUERY, check=False, capture_output=True, text=True, timeout=PATIENCE)
    except FileNotFoundError:
        raise StudyError(_refusal("there is no nvidia-smi, so no NVIDIA driver")) from None
    except subprocess.TimeoutExpired:
        raise StudyError(_refusal(f"nvidia-smi has not answered in {PATIENCE:.0f} s")) from None
    if done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).split())[:200]
        raise StudyError(_refusal(f"nvidia-smi failed: {said or 'it said nothing'}"))
    found = [_parsed(line) for line in done.stdout.splitlines() if line.strip()]
    asked = os.environ.get("CUDA_VISIBLE_DEVICES")
    if asked is not None:
        found = [gpu for gpu in found if gpu.index in asked.replace(" ", "").split(",")]
    if not found:
        said = "" if asked is None else f" with CUDA_VISIBLE_DEVICES={asked}"
        raise StudyError(_refusal(f"nvidia-smi lists no GPU{said}"))
    return found


def places(found: Sequence[Gpu], jobs: int | None) -> list[Mapping[str, str]]:
    """The environment of each run that trains at the same time: one on each GPU.

    Raises:
        StudyError: more runs than GPUs are asked for.
    """
    if jobs is not None and jobs > len(found):
        raise StudyError(
            f"JOBS is {jobs} with {len(found)} GPU{'s' if len(found) > 1 else ''}; allowed: "
            f"at most {len(found)}, since two runs on one take each other's memory and time"
        )
    return [gpu.environment for gpu in found[: jobs or len(found)]]


def _parsed(line: str) -> Gpu:
    parts = [part.strip() for part in line.split(",")]
    if len(parts) != 4 or not parts[0].isdigit() or not re.fullmatch(r"\d+\.\d+", parts[3]):
        raise StudyError(_refusal(f"nvidia-smi said {line[:80]!r}"))
    return Gpu(*parts)


def _refusal(reason: str) -> str:
    return f"GPU=1 needs an NVIDIA GPU, and {reason}; without GPU=1 the processor trains"

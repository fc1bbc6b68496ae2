"""Gets MNIST and the weights of VGG networks, checks them and keeps all as plain arrays."""

import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablation.base.cli import run
from ablation.base.files import read_config, replacing
from ablation.sources.config import SourcesConfig
from ablation.sources.download import obtain
from ablation.sources.mnist import read_mnist
from ablation.sources.vgg_weights import check_content, read_weights

RAW = Path("data/raw")


def main() -> None:
    sources = read_config(Path("configs/sources.yaml"), SourcesConfig)
    RAW.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=RAW, prefix=".download-") as folder:
        served = obtain(sources.mnist, Path(folder))
        _write(RAW / "mnist.npz", read_mnist(served.path, sources.mnist.content))
        print(f"fetch: MNIST, served by {served.served_by}", flush=True)
        for network, weights in (("vgg16", sources.vgg16), ("vgg19", sources.vgg19)):
            if weights is not None:
                check = partial(check_content, architecture=network, content=weights.content)
                served = obtain(weights, Path(folder), check)
                _write(RAW / f"{network}.npz", read_weights(served.path, network))
                print(f"fetch: {network} weights, served by {served.served_by}", flush=True)


def _write(path: Path, arrays: Mapping[str, NDArray]) -> None:
    with replacing(path) as temporary:
        np.savez(temporary, allow_pickle=False, **arrays)


if __name__ == "__main__":
    run("fetch", main)

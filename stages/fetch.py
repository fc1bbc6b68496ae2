"""Gets MNIST and VGG-16's ImageNet weights, checks them and keeps both as plain arrays."""

import tempfile
from functools import partial
from pathlib import Path

from ablation.base.arrays import write_npz
from ablation.base.cli import run
from ablation.inputs.download import obtain
from ablation.inputs.mnist import read_mnist
from ablation.inputs.sources import SOURCES
from ablation.inputs.vgg import read_weights

RAW = Path("data/raw")


def main() -> None:
    mnist = partial(read_mnist, digests=SOURCES["mnist"].content)
    vgg16 = partial(read_weights, content=SOURCES["vgg16"].content)
    with tempfile.TemporaryDirectory() as folder:
        arrays, place = obtain(SOURCES["mnist"], Path(folder), mnist)
        write_npz(RAW / "mnist.npz", arrays)
        print(f"fetch: MNIST from {place}", flush=True)
        weights, place = obtain(SOURCES["vgg16"], Path(folder), vgg16)
        write_npz(RAW / "vgg16.npz", weights)
        print(f"fetch: VGG-16's weights from {place}", flush=True)


if __name__ == "__main__":
    run("fetch", main)

"""Gets MNIST and the weights of VGG networks, checks them and keeps all as plain arrays."""

import tempfile
from functools import partial
from pathlib import Path

from ablation.base.arrays import write_npz
from ablation.base.cli import run
from ablation.base.files import read_config
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
        write_npz(RAW / "mnist.npz", read_mnist(served.path, sources.mnist.content))
        print(f"fetch: MNIST, served by {served.served_by}", flush=True)
        for network, weights in (("vgg16", sources.vgg16), ("vgg19", sources.vgg19)):
            if weights is not None:
                check = partial(check_content, architecture=network, content=weights.content)
                served = obtain(weights, Path(folder), check)
                write_npz(RAW / f"{network}.npz", read_weights(served.path, network))
                print(f"fetch: {network} weights, served by {served.served_by}", flush=True)


if __name__ == "__main__":
    run("fetch", main)

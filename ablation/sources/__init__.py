"""Where the study's inputs come from: MNIST and ImageNet weights, pinned by digest."""

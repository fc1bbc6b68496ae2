"""What comes from outside: MNIST, ImageNet weights, your own files, the measured images."""

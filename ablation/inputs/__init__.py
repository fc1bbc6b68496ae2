"""What comes from outside: MNIST, ImageNet weights, a person's own files, the measured images."""

"""The networks of the paper, from raw images to logits."""

"""What a trained network predicts for a person's own pictures."""

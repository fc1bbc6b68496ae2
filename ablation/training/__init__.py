"""Training one run: what it sees and when, its optimizer, its checkpoints and its files."""

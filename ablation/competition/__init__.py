"""A person's own files: the competition's data and an external test set, checked and read."""

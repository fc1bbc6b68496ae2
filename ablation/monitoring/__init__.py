"""What a run tells of itself, to people and for the record. No result depends on it."""

"""Composed images held to what was measured on the competition's."""

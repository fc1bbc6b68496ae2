"""Measures what the study costs on this machine: `make bench`, one subject a file."""

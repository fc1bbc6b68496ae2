"""How long a person waits: `make bench`."""

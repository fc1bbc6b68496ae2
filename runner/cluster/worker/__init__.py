"""What runs on a worker. It is sent there by value, so a worker needs no copy of the project to
start with, and it imports Python's own modules alone (and Dask's, when it runs)."""

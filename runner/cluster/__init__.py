"""Runs trained by the workers of a Dask cluster; docs/cluster.md. Nothing else imports Dask."""

"""Starts identity: `python -m services.identity`."""

"""The rules of events; no I/O."""

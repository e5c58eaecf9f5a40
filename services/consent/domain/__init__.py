"""The rules of consent; no I/O."""

"""The HTTP edge: what the protos declare, as JSON over HTTP."""

"""The services, each with the same files."""

"""The schema of events' database, step by step."""

"""The schema of identity's database, step by step."""

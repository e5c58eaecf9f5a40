"""The schema of consent's database, step by step."""

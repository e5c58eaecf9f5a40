"""The schema of metering's database, step by step."""

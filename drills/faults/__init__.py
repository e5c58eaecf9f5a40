"""A suite in which everything can fail, and what must hold in it all the same."""

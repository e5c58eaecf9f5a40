"""For those who run the suite: whether it is sound, and what could not be handled."""

"""The chassis that every process of the suite stands on; it knows no service."""

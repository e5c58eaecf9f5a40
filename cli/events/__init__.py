"""What event staff do from the command line."""

"""What is handed to people as files: tickets and guest lists."""

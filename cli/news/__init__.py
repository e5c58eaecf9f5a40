"""News to those who have agreed to them, as staff write and send them."""

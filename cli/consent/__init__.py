"""What staff and operators do about consents."""

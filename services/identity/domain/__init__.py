"""The rules of identity: customers, accounts, passwords, PINs, sessions; no input, no output."""

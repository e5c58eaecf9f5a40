"""The use cases of identity.

Most run within the transaction of their request and take a `Store`. Those that take `Stores` open
transactions of their own, for one of two reasons: what they wrote must stay although the call is
refused (a try at a PIN, a session that ends), or a password is hashed in between, for which no
connection is held.
"""

"""What consent writes to people, in Nynorsk, Bokmål and English.

The texts stand in letters.toml, one table a letter and language. A mail is the same words twice:
layout.html and layout.txt put them in order, so that neither says what the other does not.
"""

from services.consent.letters.writing import Fact, Written, write

__all__ = ["Fact", "Written", "write"]

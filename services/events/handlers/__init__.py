"""Events' use cases.

Whoever changes a seat locks its event first, reads the clock after, and hands what was freed to the
waiting list before the commit: `locking.py`.
"""

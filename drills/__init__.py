"""Rehearsals of what must go well on a bad day: each runs by name, and keeps its last result.

They take longer than tests that run with every change, and each first shows that it would see the
damage that it is there to rule out.
"""

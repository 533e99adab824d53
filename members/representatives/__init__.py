"""Joining under the age of 14: the representative is asked first, and nothing of the child (S7 to S10, S12)."""

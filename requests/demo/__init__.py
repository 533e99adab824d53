"""Invented requests for the demo, told by the same verbs as real ones."""

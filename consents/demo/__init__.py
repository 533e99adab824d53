"""Invented people with two years of consents, for the demo only. The same seed gives the same people."""

"""What those who run the portal ask it: whether it lives, may be asked, and how it fares (docs/operations.md)."""

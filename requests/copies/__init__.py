"""A member's own copy of everything held: asked for, made by the background worker, to download for a day (Q15)."""

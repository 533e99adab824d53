"""Rights of staff: asked for by one officer, approved by another, on record for good, reviewed quarterly (A2, A3)."""

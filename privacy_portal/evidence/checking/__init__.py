"""How a bundle is checked. Nothing here needs Django, a database or a secret."""

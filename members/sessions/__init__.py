"""Sessions of those who signed in: seen and ended by their person, and ended when idle (A9; docs/sign_in.md)."""

"""The second factor of signing in: an app that shows codes, passkeys, and recovery codes (docs/sign_in.md)."""

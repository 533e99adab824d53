"""Sign-up and sign-in by NAVER Login (OAuth 2.0)."""

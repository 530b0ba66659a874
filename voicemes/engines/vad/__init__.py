"""Which pieces of sound are speech."""

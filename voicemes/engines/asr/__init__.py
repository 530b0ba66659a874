"""Recognisers: one file a library."""

"""Builds the site's own small language model. Never imported at run time."""

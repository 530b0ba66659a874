"""The edges that hear, understand and speak: one file per library, named after it."""

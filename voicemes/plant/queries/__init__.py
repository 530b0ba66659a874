"""What can be asked. Queries read; their cost does not grow with the age of the store."""

"""What was said becomes what was meant: pure, no I/O but the catalogue's own files."""

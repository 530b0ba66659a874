"""What a person types. One file a command; nothing is decided here."""

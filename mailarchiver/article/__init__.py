"""Message → Article: what was worth forwarding, found, cleaned and dressed for reading."""

"""Servers that the tests talk to: a throw-away Dovecot, and one that says what a test tells it to."""

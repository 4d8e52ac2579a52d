"""Where raw messages come from: IMAP servers (`imap.py`), files (`files.py`). Octets in, octets out; no MIME here."""

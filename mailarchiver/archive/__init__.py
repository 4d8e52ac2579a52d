"""Article → folder: names, files, manifest and ledger; `store.py` is the only writer."""

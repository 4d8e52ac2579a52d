"""What `mailarchiver demo` plays with: sample mails of our own, and an IMAP server that lives in this process.

Nothing here takes part in a real set-up: `server.py` is also the second server of the mailbox tests, beside Dovecot.
"""

"""mailarchiver files forwarded articles from a mailbox as permanent pages in a dated folder tree."""

__version__ = "0.2.0"
EXTRACTOR = f"mailarchiver {'.'.join(__version__.split('.')[:2])}"

"""Octets → Message → Originals: what a sender meant, however it was wrapped.

`parse` and `unwrap` are all that the other stages know of this one; trees, soups and mail-parser's objects stay within.
"""

from .forward import unwrap
from .parse import parse

__all__ = ["parse", "unwrap"]

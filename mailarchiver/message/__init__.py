"""What the sender meant: octets → Message (`parse`), forwards unwrapped (`unwrap`)."""

from __future__ import annotations

from mailarchiver.message.forward import unwrap
from mailarchiver.message.parse import parse, salvage

__all__ = ["parse", "salvage", "unwrap"]

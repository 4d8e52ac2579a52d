"""Forward or reply: what decides where a header block could be either.

Many programs (Outlook, GMX, Zimbra) print the same header block above what they forward and what they answer. In this
order it is told by

1. the prefix of the subject; one that means either by language ("VS") means what it does in the block's language;
2. an attribution above ("On … Jane wrote:"): then the block is quoted itself;
3. a marker that only forwards have ("Forwarded message"), unless it is shown as an example ("Gmail writes:") by
   somebody who had nothing to do with the mail below it;
4. who gets the mail. One replies to who wrote the block, one forwards to somebody else: a mail that goes to its inner
   sender is no forward. Without text above, any other block that names an address is one. Below a note it is one only
   where all of this holds: the mail program itself drew the block (Outlook's border, its rule of underscores), the
   forwarder had got or sent the inner mail, and nobody who took part in that mail, nor anybody else at its sender's
   domain, gets this one. Where the prefix means either, the forwarder need not be named in the inner mail.

In-Reply-To and References decide nothing: Outlook writes them into forwards as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..model import Address, Headers
from ..text.subject import Kind, prefix_kind
from .forward_header import Block, is_attribution
from .forward_note import says_nothing

REPLY = "it is a reply, by its subject"
TO_ITS_SENDER = "it is a reply: it goes to who wrote what it quotes"
NO_BLOCK = "its subject says that it is a forward, but nothing in it is"
NOTHING_SAYS_SO = "nothing says that what it quotes was forwarded"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the header of the outer mail says: its subject, who sent it, and to whom."""

    subject: str | None
    sender: Address | None = None
    recipients: tuple[Address, ...] = ()

    @classmethod
    def of(cls, headers: Headers) -> Evidence:
        """That of a mail with this header."""
        return cls(headers.subject, headers.sender, (*headers.to, *headers.cc))

    @property
    def kind(self) -> Kind | None:
        """What the subject says where the language of the block is not known."""
        return prefix_kind(self.subject)

    def against(self, block: Block, above: Sequence[str], *, drawn: bool) -> str | None:
        """Why the block below these lines is not that of a forward; None where it is one.

        `drawn` says that the mail program itself set the block off.
        """
        kind = prefix_kind(self.subject, block.language)
        if kind == "reply":
            return REPLY
        if kind == "forward":
            return None
        had_it = self._had(block.headers)
        words = [line for line in above if not says_nothing(line)]
        if any(is_attribution(line) for line in words):
            return NOTHING_SAYS_SO
        if block.certain:
            introduced = bool(words) and words[-1].endswith((":", "："))
            return NOTHING_SAYS_SO if introduced and not drawn and not had_it else None
        others = _specs(self.recipients) - _specs([self.sender])
        if _specs([block.headers.sender, *block.reply_to]) & others:
            return TO_ITS_SENDER
        drawn = drawn or block.marked
        if words:
            is_forward = drawn and (had_it or kind == "either") and self._goes_to_others(block.headers)
        else:
            is_forward = drawn or bool(_specs([block.headers.sender]))
        return None if is_forward else NOTHING_SAYS_SO

    def _had(self, inner: Headers) -> bool:
        """Whether who sent the mail had got or sent the inner one."""
        return bool(_specs([self.sender]) & _specs((inner.sender, *inner.to, *inner.cc)))

    def _goes_to_others(self, inner: Headers) -> bool:
        """Whether nobody gets the mail who had the inner one, or is of its author's domain and the sender is not."""
        author, recipients = _specs([inner.sender]), _specs(self.recipients)
        places = _domains(author) - _domains(_specs([self.sender]))
        had_it = author | _specs((*inner.to, *inner.cc))
        return bool(author and recipients) and not recipients & had_it and not _domains(recipients) & places


def _domains(specs: Iterable[str]) -> set[str]:
    """What stands behind the @ of addresses."""
    return {spec.rpartition("@")[2] for spec in specs}


def _specs(addresses: Iterable[Address | None]) -> set[str]:
    """Their addresses; names alone prove nothing."""
    return {address.address.casefold() for address in addresses if address is not None and address.address}

"""A mailbox that is served as RFC 3501 demands, but for the one answer that a test spoils; and that keeps watch.

Unlike `ScriptedServer` it knows what it holds, so that whole rounds can be run on it: select, search, fetch, store,
copy, move, expunge. Whatever is done to a message it shows to `watch` first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from .scripted import Answer, ScriptedServer

if TYPE_CHECKING:
    import socket

DONE = b"{tag} OK done\r\n"
NO_FOLDER = b"{tag} NO [NONEXISTENT] no such folder\r\n"
_BODY = re.compile(r"BODY\.PEEK\[\](?:<(\d+)\.(\d+)>)?")
_RECEIVED = datetime(2024, 3, 6)  # noqa: DTZ001 - a day
_FLAG_KEYS = {"SEEN": "\\Seen", "FLAGGED": "\\Flagged", "DELETED": "\\Deleted"}


@dataclass(slots=True)
class Held:
    """A message in a folder."""

    data: bytes
    flags: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Box:
    """A folder: UID → message. `name` is as on the wire."""

    name: str
    uidvalidity: int = 77
    messages: dict[int, Held] = field(default_factory=dict)
    next_uid: int = 1

    def add(self, data: bytes) -> int:
        self.messages[self.next_uid] = Held(data)
        self.next_uid += 1
        return self.next_uid - 1


@dataclass(frozen=True, slots=True)
class Fault:
    """The answers at a place are spoilt: `spoil` is given the sound one.

    The place is `greeting`, `sizes`, `bodies`, or how the command begins (`UID SEARCH`, `SELECT`, `LOGOUT`).
    """

    place: str
    spoil: Callable[[bytes], Answer]


class SimulatedServer(ScriptedServer):
    """`with SimulatedServer(mails) as server:` has INBOX with these mails (UIDs from 1) and an empty `Archived`.

    `fault` spoils answers while it is set, `faults` those at several places. `watch` hears of each command that changes
    something in a folder (`UID STORE`, `UID COPY`, `UID MOVE`, `UID EXPUNGE`, or `EXPUNGE`, `CLOSE` …) before it is
    carried out, with the messages.
    """

    def __init__(self, mails: list[bytes], *, capabilities: str = "UIDPLUS MOVE") -> None:
        super().__init__()
        self.boxes = {name: Box(name) for name in ("INBOX", "Archived")}
        for mail in mails:
            self.boxes["INBOX"].add(mail)
        self.capabilities = capabilities
        self.fault: Fault | None = None
        self.faults: dict[str, Callable[[bytes], Answer]] = {}
        self.watch: Callable[[str, list[bytes]], None] = lambda _command, _mails: None
        self._box: Box | None = None

    def _converse(self, connection: socket.socket, lines: Iterator[bytes]) -> None:
        self._box = None
        place, sound, tag = "greeting", b"* OK ready\r\n", b""
        while self._say(connection, place, sound, tag):
            line = next(lines, b"")
            if not line:
                return
            if place == "AUTHENTICATE PLAIN":
                place, sound = "password", b"{tag} OK welcome\r\n"
                continue
            tag, _, words = line.rstrip(b"\r\n").partition(b" ")
            command = words.decode("utf-8", "backslashreplace")
            self.commands.append(command)
            place, sound = self._place(command), self._carry_out(command)

    def _say(self, connection: socket.socket, place: str, sound: bytes, tag: bytes) -> bool:
        answer: Answer = sound
        if self.fault is not None and self.fault.place == place:
            answer = self.fault.spoil(sound)
        elif place in self.faults:
            answer = self.faults[place](sound)
        assert not isinstance(answer, list)
        return self._send(connection, answer, tag)

    @staticmethod
    def _place(command: str) -> str:
        if command.startswith("UID FETCH"):
            if "HEADER.FIELDS" in command:
                return "fields"
            return "bodies" if "BODY." in command else "structure" if "BODYSTRUCTURE" in command else "sizes"
        known = ("AUTHENTICATE PLAIN", "UID SEARCH", "UID STORE", "UID COPY", "UID MOVE", "UID EXPUNGE")
        return next((name for name in known if command.startswith(name)), command.partition(" ")[0])

    def _carry_out(self, command: str) -> bytes:
        verb, _, rest = command.removeprefix("UID ").partition(" ")
        match verb.upper():
            case "CAPABILITY":
                return f"* CAPABILITY IMAP4rev1 AUTH=PLAIN {self.capabilities}\r\n".encode() + DONE
            case "AUTHENTICATE":
                return b"+ \r\n"
            case "NOOP":
                return DONE
            case "LOGOUT":
                return b"* BYE until next time\r\n" + DONE
            case "LIST":
                return "".join(f'* LIST () "/" "{name}"\r\n' for name in self.boxes).encode() + DONE
            case "STATUS" | "SELECT" | "EXAMINE":
                return self._open(verb, rest)
            case "SEARCH":
                return self._search(rest)
            case "FETCH":
                return self._fetch(*rest.split(" ", 1))
            case "STORE" | "COPY" | "MOVE" | "EXPUNGE" | "CLOSE" | "DELETE" | "RENAME":
                return self._change(verb, command, rest)
        return b"{tag} BAD unknown\r\n"

    def _open(self, verb: str, name: str) -> bytes:
        if verb == "STATUS":
            return self._status(name.partition(" ")[0])
        self._box = self.boxes.get(name.strip('"'))
        if self._box is None:
            return NO_FOLDER
        mode = "READ-WRITE" if verb == "SELECT" else "READ-ONLY"
        lines = f"* {len(self._box.messages)} EXISTS\r\n* OK [UIDVALIDITY {self._box.uidvalidity}] ok\r\n"
        lines += f"* OK [UIDNEXT {self._box.next_uid}] ok\r\n"
        return lines.encode() + f"{{tag}} OK [{mode}] done\r\n".encode()

    def _status(self, name: str) -> bytes:
        box = self.boxes.get(name.strip('"'))
        if box is None:
            return NO_FOLDER
        told = f"* STATUS {name} (UIDVALIDITY {box.uidvalidity} UIDNEXT {box.next_uid})\r\n"
        return told.encode() + DONE

    def _chosen(self, numbers: str, *, uids: bool = True) -> list[int]:
        """The UIDs of a sequence set."""
        assert self._box is not None
        there = sorted(self._box.messages)
        last = (there[-1] if there else 0) if uids else len(there)
        found: set[int] = set()
        for part in numbers.split(","):
            first, _, final = part.replace("*", str(last)).partition(":")
            low, high = sorted((int(first), int(final or first)))
            wanted = range(low, high + 1)
            found.update(uid for number, uid in enumerate(there, 1) if (uid if uids else number) in wanted)
        return sorted(found)

    def _search(self, criteria: str) -> bytes:
        if self._box is None:
            return b"{tag} BAD no folder\r\n"
        found = set(self._box.messages)
        words = criteria.split()
        while words:
            word = words.pop(0)
            key = word.removeprefix("UN")
            if key in _FLAG_KEYS:
                has = {uid for uid in found if _FLAG_KEYS[key] in self._box.messages[uid].flags}
                found = found - has if word.startswith("UN") else found & has
            elif word in {"SINCE", "BEFORE"}:
                is_later = datetime.strptime(words.pop(0), "%d-%b-%Y") > _RECEIVED  # noqa: DTZ007 - a day
                found = found if is_later == (word == "BEFORE") else set()
            elif word == "UID":
                found &= set(self._chosen(words.pop(0)))
            elif word != "ALL":
                found &= set(self._chosen(word, uids=False))
        return f"* SEARCH {' '.join(map(str, sorted(found)))}\r\n".encode() + DONE

    def _fetch(self, numbers: str, items: str) -> bytes:
        if self._box is None:
            return b"{tag} BAD no folder\r\n"
        assert "RFC822 " not in items, items
        assert not re.search(r"BODY\[", items), items
        places = {uid: place for place, uid in enumerate(sorted(self._box.messages), 1)}
        lines = []
        for uid in self._chosen(numbers):
            data = self._box.messages[uid].data
            parts = [b"UID %d" % uid]
            if "RFC822.SIZE" in items:
                parts.append(b"RFC822.SIZE %d" % len(data))
            if "BODYSTRUCTURE" in items:
                lines_of, text = data.count(b"\r\n"), data.partition(b"\r\n\r\n")[2]
                told = b'"TEXT" "PLAIN" NIL NIL NIL "7BIT" %d %d' % (len(text), lines_of)
                parts.append(b"BODYSTRUCTURE (%b)" % told)
            if "HEADER.FIELDS" in items:
                head = data.partition(b"\r\n\r\n")[0]
                chosen = [line for line in head.split(b"\r\n") if line.lower().startswith((b"subject:", b"from:"))]
                text = b"".join(line + b"\r\n" for line in chosen) + b"\r\n"
                name = b"BODY[HEADER.FIELDS (MESSAGE-ID DATE FROM SUBJECT)]"
                parts.append(b"%b {%d}\r\n%b" % (name, len(text), text))
            if "INTERNALDATE" in items:
                parts.append(b'INTERNALDATE "06-Mar-2024 12:00:00 +0000"')
            if body := _BODY.search(items):
                start = int(body[1] or 0)
                piece = data[start : start + int(body[2])] if body[2] else data
                parts.append(b"BODY[]%b {%d}\r\n%b" % (b"<%d>" % start if body[2] else b"", len(piece), piece))
            lines.append(b"* %d FETCH (%b)\r\n" % (places[uid], b" ".join(parts)))
        return b"".join(lines) + DONE

    def _change(self, verb: str, command: str, rest: str) -> bytes:
        assert self._box is not None
        numbers, _, target = rest.partition(" ")
        uids = self._chosen(numbers) if command.startswith("UID ") else []
        self.watch(command, [self._box.messages[uid].data for uid in uids])
        if verb == "STORE":
            for uid in uids:
                self._box.messages[uid].flags.update(re.findall(r"\\\w+", target))
            return DONE
        if verb == "EXPUNGE":
            for uid in [uid for uid in uids if "\\Deleted" in self._box.messages[uid].flags]:
                del self._box.messages[uid]
            return DONE
        there = self.boxes.get(target.strip('"'))
        if there is None:
            return b"{tag} NO [TRYCREATE] no such folder\r\n"
        new = [there.add(self._box.messages[uid].data) for uid in uids]
        if verb == "MOVE":
            for uid in uids:
                del self._box.messages[uid]
        if not uids or "UIDPLUS" not in self.capabilities:
            return DONE
        codes = " ".join(",".join(map(str, some)) for some in (uids, new))
        return f"{{tag}} OK [COPYUID {there.uidvalidity} {codes}] done\r\n".encode()

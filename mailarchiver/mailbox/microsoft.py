"""Microsoft 365 and Outlook.com: a person signs in once, in a browser (the device flow, RFC 8628); from then on access
tokens are renewed without them. msal speaks to the token service; it comes with the extra `oauth`.

::

    sign_in ─▶ show where to go, and the code ─▶ wait ─▶ TokenFile
    token   ─▶ the file's token, while it is good ─▶ else, under the file's lock: renew ─▶ TokenFile
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ..errors import LoginRefused, MailboxError
from ..text.terminal import line as readable
from .cures import sign_in_cure
from .token_file import TokenFile
from .tokens import due, sign_in_ends, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    import msal

SCOPES = ("https://outlook.office.com/IMAP.AccessAsUser.All",)
AUTHORITY = "https://login.microsoftonline.com"
HTTP_SECONDS = 15.0
_OWN = "mailarchiver"
"""Our own table in msal's file, which keeps what it does not know."""

_OVER = {"invalid_grant", "interaction_required", "login_required", "consent_required"}
"""Errors after which only a person can sign in again (RFC 6749 §5.2, OpenID Connect Core §3.1.2.6)."""
_WRONG_APP = {"invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "invalid_resource"}
"""Errors of the registration or of its use: they stay until somebody changes something."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Registration:
    """The app that asks for the tokens, as registered with Microsoft Entra; it has no secret."""

    client_id: str
    tenant: str = "organizations"
    authority: str = AUTHORITY


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a file holds, without the tokens: who signed in, when that was last used, when it ends. Unix seconds."""

    username: str
    signed_in: float
    last_used: float
    ends: float


@dataclass(frozen=True, slots=True)
class Microsoft:
    """The sign-in of one account: `Tokens` for a mailbox. `clock` gives Unix seconds."""

    account: str
    app: Registration
    file: TokenFile
    clock: Callable[[], float] = time.time

    @property
    def cure(self) -> str:
        """As `Tokens`."""
        return f"sign in again: `mailarchiver auth login {self.account}`"

    def token(self, refused: str | None = None) -> str:
        """As `Tokens`: the file's token while it is good, else a new one, which is kept in the file.

        Raises:
            LoginRefused: nobody has signed in, the sign-in is over, or the registration is wrong.
            MailboxError: the token service cannot be reached, the file cannot be used, or msal is not installed.
        """
        held = self._held(self._parsed(self.file.read()), refused)
        if held is not None:
            return held
        with self.file.locked():
            text = self.file.read()
            held = self._held(self._parsed(text), refused)  # another process may have been quicker
            return held if held is not None else self._renew(text)

    def sign_in(self, show: Callable[[str, str, int], None]) -> SignIn:
        """Let a person sign in. `show` is given the address to open, the code to type there, and for how many seconds
        that works; then this waits. The file is replaced at the end, and untouched if it fails. Raises as `token`.
        """
        with self.file.locked():
            pass  # a file that cannot be used is told before anybody signs in for nothing
        with self._speaking():
            cache = _new_cache(None)
            app = self._app(cache)
            flow = app.initiate_device_flow(scopes=list(SCOPES))
        if "user_code" not in flow:
            raise self._refusal(flow)
        address, code = readable(str(flow.get("verification_uri"))), readable(str(flow["user_code"]))
        show(address, code, int(flow.get("expires_in", 900)))
        with self._speaking():
            answer = app.acquire_token_by_device_flow(flow)
        if "access_token" not in answer:
            raise self._refusal(answer)
        with self.file.locked():
            self.file.write(self._noted(cache.serialize(), answer, signed_in=self.clock()))
        found = self.status()
        if found is None:
            raise MailboxError("the token service gave no refresh token: the app must be allowed offline_access")
        return found

    def sign_out(self) -> bool:
        """Forget the sign-in on this machine; whether there was one. Microsoft's side of it is not ended by this."""
        with self.file.locked():
            return self.file.remove()

    def status(self) -> SignIn | None:
        """What the file holds; None where nobody has signed in. Asks nobody, and needs no msal. Raises as `token`."""
        tables = self._parsed(self.file.read())
        refresh = [row for row in tables.get("RefreshToken", {}).values() if row.get("client_id") == self.app.client_id]
        if not refresh:
            return None
        last_used = max(_number(row, "last_modification_time") for row in refresh)
        own = tables.get(_OWN, {})
        names = [str(row.get("username", "")) for row in tables.get("Account", {}).values()]
        return SignIn(
            username=readable(next(iter(names), "")),
            signed_in=_number(own, "signed_in") or last_used,
            last_used=last_used,
            ends=sign_in_ends(last_used, _number(own, "refresh_ends") or None),
        )

    def soon_over(self) -> str | None:
        """What to say of a sign-in that ends soon; None while there is time. Raises as `token`."""
        found = self.status()
        return None if found is None else warning(found.ends, self.clock())

    def _held(self, tables: dict[str, dict[str, Any]], refused: str | None) -> str | None:
        """The access token of our app, unless it is due, or is the refused one."""
        for row in tables.get("AccessToken", {}).values():
            token = str(row.get("secret"))
            good = token != refused and not due(_number(row, "cached_at"), _number(row, "expires_on"), self.clock())
            if row.get("client_id") == self.app.client_id and good:
                return token
        return None

    def _renew(self, text: str | None) -> str:
        """Use the refresh token; both new tokens are in the file when this returns."""
        with self._speaking():
            cache = _new_cache(text)
            app = self._app(cache) if text is not None else None
            accounts = app.get_accounts() if app is not None else []
            if app is None or not accounts:
                raise LoginRefused(f"nobody has signed in yet (token_cache {self.file.path}): {self._first()}")
            answer = app.acquire_token_silent_with_error(list(SCOPES), accounts[0], force_refresh=True)
        if not answer or "access_token" not in answer:
            raise self._refusal(answer or {"error": "invalid_grant"})
        try:
            self.file.write(self._noted(cache.serialize(), answer))
        except MailboxError as error:
            # The token in hand is good, and mail is waiting; the next renewal tells whether the old one still is.
            log.error("account %s: the renewed sign-in could not be kept: %s", self.account, error)  # noqa: TRY400
        if said := self.soon_over():
            log.warning("account %s: %s: %s", self.account, said, self.cure)
        return str(answer["access_token"])

    def _first(self) -> str:
        return f"run `mailarchiver auth login {self.account}`, as the user that runs the service"

    def _app(self, cache: msal.SerializableTokenCache) -> msal.PublicClientApplication:
        """Asks the authority for its addresses: that is its first word to the network."""
        import msal

        authority = f"{self.app.authority.rstrip('/')}/{self.app.tenant}"
        return msal.PublicClientApplication(
            self.app.client_id,
            authority=authority,
            token_cache=cache,
            timeout=HTTP_SECONDS,
            instance_discovery=False,  # the configuration names the authority: nobody else need vouch for it
        )

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """With the token service; its trouble, and msal's, in our words."""
        if find_spec("msal") is None:
            raise MailboxError(
                "signing in to Microsoft needs msal: `pip install mailarchiver[oauth]`; or give a token_command"
            )
        from msal.exceptions import MsalError

        try:
            yield
        except (MsalError, OSError, ValueError, LookupError, RuntimeError) as error:
            said = " ".join(str(error).split())
            if cure := sign_in_cure(said):
                raise LoginRefused(f"{self.app.authority} does not sign anybody in ({_short(said)}): {cure}") from error
            raise MailboxError(f"no token from {self.app.authority} ({_short(said)}); tried again later") from error

    def _refusal(self, answer: dict[str, Any]) -> MailboxError:
        """What the token service has against us: for a person to mend, or temporary."""
        code = str(answer.get("error", ""))
        said = str(answer.get("error_description") or code or "no reason given").split("\r\n")[0].split("\n")[0]
        cure = sign_in_cure(f"{code} {said}")
        if cure or code in _WRONG_APP:
            cure = cure or "check client_id, tenant and the app's registration"
            return LoginRefused(f"{self.app.authority} gives no token ({_short(said)}): {cure}")
        if code in _OVER:
            return LoginRefused(f"the sign-in is over ({_short(said)}): {self.cure}")
        return MailboxError(f"{self.app.authority} gives no token now ({_short(said)}); tried again later")

    def _parsed(self, text: str | None) -> dict[str, dict[str, Any]]:
        """The tables of the file: name → key → row; in our own the rows are numbers."""
        damaged = LoginRefused(f"token_cache {self.file.path} is damaged: delete it, and {self._first()}")
        try:
            tables = json.loads(text or "{}")
            rows = [row for name, table in tables.items() for row in table.values() if name != _OWN]
        except (ValueError, AttributeError, RecursionError) as error:
            raise damaged from error
        if not all(isinstance(row, dict) for row in rows):
            raise damaged
        return dict(tables)

    def _noted(self, text: str, answer: dict[str, Any], *, signed_in: float | None = None) -> str:
        """The file as msal has it, with no access token but the newest, and with what we keep: when somebody signed in,
        and when that ends if we were told.
        """
        tables = self._parsed(text)
        given = tables.get("AccessToken", {})
        given = {key: row for key, row in given.items() if row.get("secret") == answer["access_token"]}
        own = dict(tables.get(_OWN, {}))
        if signed_in is not None:
            own["signed_in"] = int(signed_in)
        if (seconds := answer.get("refresh_token_expires_in")) is not None:
            own["refresh_ends"] = int(self.clock()) + int(seconds)
        return json.dumps({**tables, "AccessToken": given, _OWN: own}, indent=1)


def _new_cache(text: str | None) -> msal.SerializableTokenCache:
    import msal

    cache = msal.SerializableTokenCache()
    cache.deserialize(text)
    return cache


def _number(row: dict[str, Any], name: str) -> float:
    """A number of the file, which has some as strings; 0 where there is none: what ended in 1970 is renewed."""
    try:
        return float(row.get(name, 0))
    except (TypeError, ValueError):
        return 0.0


def _short(text: str) -> str:
    text = readable(text)
    return text if len(text) <= 300 else f"{text[:300]} …"

"""A token service of our own: it signs people in by the device flow, renews, rotates, revokes, and tells Dovecot which
tokens are good (RFC 7662). Microsoft's side of it is spoken over HTTPS, as msal wants it; Dovecot's in clear.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs

import pytest
import trustme

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

TENANT = "organizations"
SCOPE = "https://outlook.office.com/IMAP.AccessAsUser.All"
CLIENT = "0c5f0b0a-0000-0000-0000-00000000cafe"


@dataclass
class TokenService:
    """`with TokenService(folder) as service:`; `service.authority` is for msal, `service.introspection` for Dovecot.

    `user` is who signs in. Access tokens in `active` are good. `refresh` is the refresh token that is: another one
    after each use if `rotating`. `pending` counts how often "not yet" is said before the person has signed in.
    `refusal` is answered in place of any token, `down` to everything with a 503.
    """

    folder: Path
    user: str = "jane"
    active: set[str] = field(default_factory=set)
    refresh: str = ""
    rotating: bool = True
    lifetime: int = 3600
    sign_in_lifetime: int | None = None
    pending: int = 0
    refusal: dict[str, Any] | None = None
    down: bool = False
    issued: int = 0
    asked: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        authority = trustme.CA()
        self.ca_file = self.folder / "token-service.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self._servers = [ThreadingHTTPServer(("127.0.0.1", 0), self._handler()) for _ in range(2)]
        self._servers[0].socket = context.wrap_socket(self._servers[0].socket, server_side=True)
        self._threads = [threading.Thread(target=server.serve_forever, args=[0.05]) for server in self._servers]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()

    @property
    def authority(self) -> str:
        return f"https://127.0.0.1:{self._servers[0].server_port}"

    @property
    def introspection(self) -> str:
        """Dovecot's oauth2.conf."""
        return (
            f"introspection_url = http://127.0.0.1:{self._servers[1].server_port}/introspect\n"
            "introspection_mode = post\nusername_attribute = email\nactive_attribute = active\nactive_value = true\n"
            "openid_configuration_url = https://accounts.example.org/.well-known/openid-configuration\n"
        )

    def issue(self) -> str:
        """Another good access token."""
        self.issued += 1
        self.active.add(f"access-{self.issued}")
        return f"access-{self.issued}"

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if self.down:
            return 503, {"error": "temporarily_unavailable"}
        step = path.rpartition("/")[2]
        self.asked.append(form.get("grant_type", step).rpartition(":")[2])
        if step == "introspect":
            return 200, {"active": form["token"] in self.active, "email": self.user, "username": self.user}
        base = f"{self.authority}/{TENANT}/oauth2/v2.0"
        if step == "openid-configuration":
            if not path.startswith(f"/{TENANT}/"):
                return 400, {"error": "invalid_tenant", "error_description": "AADSTS90002: Tenant not found."}
            places = {"authorization_endpoint": "authorize", "token_endpoint": "token"}
            places["device_authorization_endpoint"] = "devicecode"
            return 200, {"issuer": base} | {name: f"{base}/{place}" for name, place in places.items()}
        if self.refusal is not None:
            return 400, self.refusal
        if step == "devicecode":
            told = {"verification_uri": "https://example.org/device", "expires_in": 900, "interval": 0}
            return 200, {"user_code": "ABCD-1234", "device_code": "device", **told}
        return self._token(form)

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if form["grant_type"] == "refresh_token" and form["refresh_token"] != self.refresh:
            return 400, {"error": "invalid_grant", "error_description": "AADSTS70008: it has expired.\r\nTrace: x"}
        if form["grant_type"] != "refresh_token" and self.pending:
            self.pending -= 1
            return 400, {"error": "authorization_pending"}
        token = self.issue()
        if self.rotating or not self.refresh:
            self.refresh = f"refresh-{self.issued}"
        claims = {"aud": form["client_id"], "iss": self.authority, "exp": 1 << 33, "iat": 0, "sub": "jane"}
        answer: dict[str, Any] = {
            "token_type": "Bearer",
            "scope": form.get("scope", SCOPE),
            "expires_in": self.lifetime,
            "access_token": token,
            "refresh_token": self.refresh,
            "client_info": _base64({"uid": "u", "utid": "t"}),
            "id_token": f"{_base64({})}.{_base64({**claims, 'preferred_username': self.user})}.x",
        }
        if self.sign_in_lifetime is not None:
            answer["refresh_token_expires_in"] = self.sign_in_lifetime
        return 200, answer

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer({})

            def do_POST(self) -> None:
                octets = self.rfile.read(int(self.headers.get("content-length", 0)))
                self._answer({name: values[0] for name, values in parse_qs(octets.decode()).items()})

            def _answer(self, form: dict[str, str]) -> None:
                status, told = service.answer(self.path, form)
                data = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Nothing: the test tells."""

        return Handler


def _base64(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenService]:
    """One that runs, and whose certificate is trusted by what asks for tokens."""
    with TokenService(tmp_path) as service:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(service.ca_file))
        yield service

"""Signed access tokens (JWT), and opaque refresh tokens.

https://www.rfc-editor.org/rfc/rfc9068, https://www.rfc-editor.org/rfc/rfc8725
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from hashlib import sha256
from hmac import digest
from secrets import token_bytes, token_urlsafe
from typing import NamedTuple
from uuid import UUID

import jwt
from uuid_utils.compat import uuid7

from ..config import Settings
from ..database.base import now
from .exceptions import InvalidToken, NotAuthenticated

ALGORITHM = "HS256"
TYPE = "at+jwt"
ISSUER = AUDIENCE = __name__.partition(".")[0]
# Besides `iss`, `aud`, `sub` and `sid`, which are validated or read in any case.
REQUIRED = ["iat", "jti"]
MAX_LENGTH = 2048
# Seconds by which the clocks of two instances may differ.
LEEWAY = 5


class Claims(NamedTuple):
    """The claims of an access token: the ids of its account and of its login."""

    user_id: UUID
    login_id: UUID


class AccessTokens:
    """Encodes access tokens with SECRET_KEY, and decodes those of SECRET_KEY_FALLBACKS as well."""

    def __init__(self, settings: Settings) -> None:
        self.lifetime = settings.access_token_lifetime
        secrets = [settings.secret_key, *settings.secret_key_fallbacks]
        given = [secret.get_secret_value().encode() for secret in secrets if secret]
        # Without SECRET_KEY, in development only, tokens become invalid when the service restarts.
        derived = [digest(secret, TYPE.encode(), "sha256") for secret in given or [token_bytes(32)]]
        self.keys = {sha256(key).hexdigest()[:16]: key for key in derived}
        # Clients send the same token repeatedly: its signature is verified once, its expiry on every request.
        self.verified = lru_cache(maxsize=1024)(self.verify)

    def make(self, claims: Claims) -> str:
        """Return a signed token for the claims, which expires after `lifetime` seconds."""
        issued_at = now()
        payload = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(claims.user_id),
            "sid": str(claims.login_id),
            "jti": uuid7().hex,
            "iat": issued_at,
            "exp": issued_at + timedelta(seconds=self.lifetime),
        }
        key_id, key = next(iter(self.keys.items()))
        return jwt.encode(payload, key, ALGORITHM, headers={"typ": TYPE, "kid": key_id})

    def read(self, token: str) -> Claims:
        """Return the claims of a token; raise InvalidToken if its signature is invalid or it is expired."""
        claims, expires_at = self.verified(token)
        if expires_at + LEEWAY <= now().timestamp():
            raise InvalidToken
        return claims

    def verify(self, token: str) -> tuple[Claims, int]:
        """Return the claims of a token and its expiry in seconds since 1970; raise InvalidToken if it is invalid."""
        if len(token) > MAX_LENGTH:
            raise InvalidToken
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ") != TYPE:
                raise InvalidToken
            payload = jwt.decode(
                token,
                self.keys[header["kid"]],
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                leeway=LEEWAY,
                options={"require": REQUIRED, "strict_aud": True},
            )
            return Claims(UUID(payload["sub"]), UUID(payload["sid"])), payload["exp"]
        except (jwt.InvalidTokenError, AttributeError, LookupError, TypeError, ValueError):
            # Also an unknown key id, a missing claim, or a claim of another type.
            raise InvalidToken from None


def bearer_token(headers: Sequence[str]) -> str:
    """Return the token of the Authorization header; raise NotAuthenticated without one, InvalidToken for any other."""
    if not headers:
        raise NotAuthenticated
    scheme, _, token = headers[0].partition(" ")
    if len(headers) > 1 or scheme.lower() != "bearer":
        raise InvalidToken
    return token.strip()


def make_refresh_token() -> str:
    """Return a new refresh token of 256 random bits."""
    return token_urlsafe(32)


def hash_refresh_token(refresh_token: str) -> bytes:
    """Return the SHA-256 digest of a refresh token; random tokens need no slow hash."""
    return sha256(refresh_token.encode()).digest()

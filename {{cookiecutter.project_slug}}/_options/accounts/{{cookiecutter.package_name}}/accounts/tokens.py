"""Access tokens, which anybody can read and nobody else can sign, and refresh tokens, which say nothing.

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
# Besides the claims that are read below, or have to have a certain value.
REQUIRED = ["iat", "jti"]
MAX_LENGTH = 2048
# The seconds by which the clocks of two instances may differ.
LEEWAY = 5


class Claims(NamedTuple):
    """What an access token says: whose it is, and which login it comes from."""

    user_id: UUID
    login_id: UUID


class AccessTokens:
    """Makes and reads access tokens with the keys of the settings, the newest first."""

    def __init__(self, settings: Settings) -> None:
        self.lifetime = settings.access_token_lifetime
        secrets = [settings.secret_key, *settings.secret_key_fallbacks]
        given = [secret.get_secret_value().encode() for secret in secrets if secret]
        # Development does without a secret; tokens are then valid until the service starts again.
        derived = [digest(secret, TYPE.encode(), "sha256") for secret in given or [token_bytes(32)]]
        self.keys = {sha256(key).hexdigest()[:16]: key for key in derived}
        # A client sends its token again and again, and all that changes meanwhile is the time.
        self.verified = lru_cache(maxsize=1024)(self.verify)

    def make(self, claims: Claims) -> str:
        """Return a token that is valid from now on."""
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
        """Return what a token says; raise InvalidToken unless it was made here and is valid now."""
        claims, expires_at = self.verified(token)
        if expires_at + LEEWAY <= now().timestamp():
            raise InvalidToken
        return claims

    def verify(self, token: str) -> tuple[Claims, int]:
        """Return what a token says, and when it expires; raise InvalidToken unless it was made here."""
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
            # A key id that nobody knows, or claims of another kind than ours.
            raise InvalidToken from None


def bearer_token(headers: Sequence[str]) -> str:
    """Return the token of the Authorization headers: there has to be one, and of this scheme."""
    if not headers:
        raise NotAuthenticated
    scheme, _, token = headers[0].partition(" ")
    if len(headers) > 1 or scheme.lower() != "bearer":
        raise InvalidToken
    return token.strip()


def make_refresh_token() -> str:
    """Return a new refresh token, of 256 bits that nobody can guess."""
    return token_urlsafe(32)


def digest_of(refresh_token: str) -> bytes:
    """Return what is stored of a refresh token; a digest that is fast will do, as there is nothing to guess."""
    return sha256(refresh_token.encode()).digest()

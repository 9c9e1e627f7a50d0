"""Access tokens: forged, expired, revoked, and signed with rotated keys."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import jwt
import pytest

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.accounts import tokens
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.web.problems import ProblemError

from ..support.databases import make_database
from ..support.framework import App, client_for
from ..support.sessions import rolled_back
from ..support.settings import PACKAGE, SECRET_KEY
from .account_requests import (
    ACCOUNTS,
    PASSWORD,
    authorization,
    log_in,
    read_me,
    refresh,
    register,
    sign_up,
)

HOUR = timedelta(hours=1)
LIFETIME = timedelta(minutes=10)
ME = f"{ACCOUNTS}/me"


def encode_part(content: object) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


class Forger:
    """Forges tokens from a valid token, in some tests with the key."""

    def __init__(self, settings: Settings, token: str) -> None:
        ((self.key_id, self.key),) = tokens.AccessTokens(settings).keys.items()
        self.token = token
        self.header, self.payload = (
            jwt.get_unverified_header(token),
            jwt.decode(token, options={"verify_signature": False}),
        )

    def sign(self, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """Sign changed claims with the key of the service; a value of None removes the claim."""
        changed = {**self.payload, **claims}
        payload = {name: value for name, value in changed.items() if value is not None}
        return jwt.encode(payload, self.key, "HS256", headers=self.header | (header or {}))

    def unsigned(self, algorithm: str, signature: str = "") -> str:
        """Return a token with another algorithm in its header, and without a valid signature."""
        return f"{encode_part(self.header | {'alg': algorithm})}.{encode_part(self.payload)}.{signature}"


@pytest.fixture
def forger(client: httpx2.Client, settings: Settings) -> Forger:
    return Forger(settings, sign_up(client)["access_token"])


def request_me(client: httpx2.Client, token: str) -> httpx2.Response:
    return client.get(ME, headers={"Authorization": f"Bearer {token}"})


def now() -> datetime:
    return datetime.now(UTC)


def without_claim(claim: str) -> Callable[[Forger], str]:
    return lambda forger: forger.sign(**{claim: None})


FORGED = {
    "alg none": lambda forger: forger.unsigned("none"),
    "alg nOnE": lambda forger: forger.unsigned("nOnE"),
    "alg RS256": lambda forger: forger.unsigned("RS256", forger.token.split(".")[2]),
    "alg HS512": lambda forger: jwt.encode(
        forger.payload, forger.key, "HS512", headers=forger.header | {"alg": "HS512"}
    ),
    "signed with the id of the key": lambda forger: jwt.encode(
        forger.payload, forger.key_id, "HS256", headers=forger.header
    ),
    "signed with the secret itself": lambda forger: jwt.encode(
        forger.payload, SECRET_KEY, "HS256", headers=forger.header
    ),
    "expired": lambda forger: forger.sign(exp=now() - HOUR),
    "issued in the future": lambda forger: forger.sign(iat=now() + HOUR),
    "not valid yet": lambda forger: forger.sign(nbf=now() + HOUR),
    "other audience": lambda forger: forger.sign(aud="other"),
    "many audiences": lambda forger: forger.sign(aud=[forger.payload["aud"]]),
    "other issuer": lambda forger: forger.sign(iss="other"),
    "other type": lambda forger: forger.sign(header={"typ": "JWT"}),
    "invalid subject": lambda forger: forger.sign(sub="1 OR 1=1"),
    "invalid login": lambda forger: forger.sign(sid=7),
    "unknown account": lambda forger: forger.sign(sub="00000000-0000-7000-8000-000000000000"),
    "unknown login": lambda forger: forger.sign(sid="00000000-0000-7000-8000-000000000000"),
    "unknown key id": lambda forger: forger.sign(header={"kid": "0" * 16}),
    "key id is a path": lambda forger: forger.sign(header={"kid": "../../dev/null"}),
    "key id is SQL": lambda forger: forger.sign(header={"kid": "' UNION SELECT 'key' --"}),
    "key id is a list": lambda forger: (
        f"{encode_part(forger.header | {'kid': []})}.{encode_part(forger.payload)}.{forger.token.split('.')[2]}"
    ),
    "tampered": lambda forger: (
        f"{forger.token.split('.')[0]}.{encode_part(forger.payload | {'sub': 'x'})}"
        f".{forger.token.split('.')[2]}"
    ),
    "without its signature": lambda forger: forger.token.rpartition(".")[0] + ".",
    "header is a list": lambda forger: f"{encode_part([])}.{encode_part({})}.",
    "oversized": lambda forger: forger.sign(more="x" * 4000),
    "empty": lambda forger: "",
    "two parts": lambda forger: "a.b",
    "not base64": lambda forger: "?.?.?",
    **{
        f"without {claim}": without_claim(claim)
        for claim in ("aud", "exp", "iat", "iss", "jti", "sid", "sub")
    },
}


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("forge", FORGED.values(), ids=list(FORGED))
def test_forged_token_is_rejected(client: httpx2.Client, forger: Forger, forge: Any) -> None:
    assert request_me(client, forger.sign()).status_code == 200

    response = request_me(client, forge(forger))

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["detail"] == "The token is invalid, expired or revoked."


def test_token_expires(client: httpx2.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    token = sign_up(client)["access_token"]

    def status_after(passed: timedelta) -> int:
        monkeypatch.setattr(tokens, "now", lambda: now() + passed)
        return request_me(client, token).status_code

    assert status_after(LIFETIME - timedelta(minutes=1)) == 200
    assert status_after(LIFETIME + timedelta(minutes=1)) == 401


def test_token_contains_type_issuer_and_audience(forger: Forger) -> None:
    assert forger.header["typ"] == "at+jwt"
    assert forger.payload["iss"] == forger.payload["aud"] == PACKAGE


@pytest.mark.parametrize(("claim", "sign"), [("iat", 1), ("nbf", 1), ("exp", -1)])
def test_clock_skew_is_limited_to_seconds(
    client: httpx2.Client, forger: Forger, claim: str, sign: int
) -> None:
    def status_with_skew(skew: timedelta) -> int:
        claims: dict[str, Any] = {claim: now() + sign * skew}
        return request_me(client, forger.sign(**claims)).status_code

    assert status_with_skew(timedelta(seconds=3)) == 200
    assert status_with_skew(timedelta(minutes=1)) == 401


def test_refresh_token_is_rejected_as_access_token(client: httpx2.Client) -> None:
    issued = sign_up(client)

    assert request_me(client, issued["refresh_token"]).status_code == 401


def test_token_is_only_read_from_one_authorization_header(client: httpx2.Client) -> None:
    issued = sign_up(client)
    token = issued["access_token"]
    assert client.get(ME).headers["WWW-Authenticate"] == "Bearer"
    assert client.get(ME, params={"access_token": token}).status_code == 401
    twice = f"Bearer {token},Bearer {token}"
    assert client.get(ME, headers={"Authorization": twice}).status_code == 401
    assert client.get(ME, headers={"Authorization": f"Basic {token}"}).status_code == 401
    assert client.get(ME, headers={"Authorization": f"bearer {token}"}).status_code == 200


def test_two_authorization_headers_are_rejected(client: httpx2.Client) -> None:
    token = sign_up(client)["access_token"]

    assert tokens.bearer_token([f"Bearer {token}"]) == token
    with pytest.raises(ProblemError) as caught:
        tokens.bearer_token([f"Bearer {token}", f"Bearer {token}"])
    assert caught.value.status == 401


def test_fallback_keys_are_valid_during_rotation(settings: Settings) -> None:
    old = settings.secret_key
    rotated = {
        "secret_key": "new signing key used only in these tests",
        "secret_key_fallbacks": [old],
    }
    rotated_out = rotated | {"secret_key_fallbacks": []}

    def is_valid(changes: dict[str, Any], token: str) -> bool:
        values = settings.model_dump() | changes
        changed = tokens.AccessTokens(type(settings).model_validate(values))
        try:
            changed.read(token)
        except ProblemError:
            return False
        return True

    claims = tokens.Claims(uuid4(), uuid4())
    token = tokens.AccessTokens(settings).make(claims)

    assert tokens.AccessTokens(settings).read(token) == claims
    assert is_valid(rotated, token)
    assert not is_valid(rotated_out, token)


def test_development_tokens_end_with_the_process(settings: Settings) -> None:
    without = settings.model_copy(
        update={
            "environment": "development",
            "secret_key": None,
            "database_url": make_database("restarted"),
        }
    )

    with client_for(create_app(without)) as client:
        issued = sign_up(client)
        assert read_me(client, issued).status_code == 200
    with client_for(create_app(without)) as client:
        assert read_me(client, issued).status_code == 401


def test_passwords_tokens_and_emails_are_not_logged(
    app: App, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with client_for(app) as client, rolled_back(app, client):
        issued = sign_up(client)
        client.get(ME, headers=authorization(issued))
        renewed = refresh(client, issued).json()
        assert refresh(client, issued).status_code == refresh(client, renewed).status_code == 400
        assert refresh(client, {"refresh_token": "unknown"}).status_code == 400
        assert register(client, password="Password@123").status_code == 422
        assert log_in(client, "bob@example.com", "a wrong password").status_code == 400

    events = [vars(record)["event"] for record in caplog.records if hasattr(record, "event")]
    assert events == [
        "registered",
        "logged in",
        "login renewed",
        "refresh token reused",
        "refresh token refused",
        "refresh token refused",
        "login failed",
    ]
    logged = caplog.text + capsys.readouterr().err + str([vars(each) for each in caplog.records])
    for secret in (
        issued["access_token"],
        issued["refresh_token"],
        renewed["refresh_token"],
        PASSWORD,
        "a wrong password",
        "Password@123",
    ):
        assert secret not in logged
    assert "@example.com" not in logged

"""Tokens that are not what they seem."""

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
from ..support.settings import PACKAGE
from .people import ACCOUNTS, authorization, log_in, read_me, refresh, register, sign_up

HOUR = timedelta(hours=1)
LIFETIME = timedelta(minutes=10)
ME = f"{ACCOUNTS}/me"


def part(content: object) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


class Forger:
    """Somebody who has a token, and for some of the tests the key."""

    def __init__(self, settings: Settings, token: str) -> None:
        ((self.key_id, self.key),) = tokens.AccessTokens(settings).keys.items()
        self.token = token
        self.header, self.payload = (
            jwt.get_unverified_header(token),
            jwt.decode(token, options={"verify_signature": False}),
        )

    def sign(self, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """Sign claims with the right key; None leaves one out."""
        changed = {**self.payload, **claims}
        payload = {name: value for name, value in changed.items() if value is not None}
        return jwt.encode(payload, self.key, "HS256", headers=self.header | (header or {}))

    def unsigned(self, algorithm: str, signature: str = "") -> str:
        """Say how it is signed, and do not sign it."""
        return f"{part(self.header | {'alg': algorithm})}.{part(self.payload)}.{signature}"


@pytest.fixture
def forger(client: httpx2.Client, settings: Settings) -> Forger:
    return Forger(settings, sign_up(client)["access_token"])


def ask(client: httpx2.Client, token: str) -> httpx2.Response:
    return client.get(ME, headers={"Authorization": f"Bearer {token}"})


def now() -> datetime:
    return datetime.now(UTC)


def without(claim: str) -> Callable[[Forger], str]:
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
        forger.payload, "one of the tests alone, long enough", "HS256", headers=forger.header
    ),
    "expired": lambda forger: forger.sign(exp=now() - HOUR),
    "of the future": lambda forger: forger.sign(iat=now() + HOUR),
    "not yet": lambda forger: forger.sign(nbf=now() + HOUR),
    "other audience": lambda forger: forger.sign(aud="other"),
    "many audiences": lambda forger: forger.sign(aud=[forger.payload["aud"]]),
    "other issuer": lambda forger: forger.sign(iss="other"),
    "other type": lambda forger: forger.sign(header={"typ": "JWT"}),
    "subject that is no id": lambda forger: forger.sign(sub="1 OR 1=1"),
    "login that is no id": lambda forger: forger.sign(sid=7),
    "nobody": lambda forger: forger.sign(sub="00000000-0000-7000-8000-000000000000"),
    "no login": lambda forger: forger.sign(sid="00000000-0000-7000-8000-000000000000"),
    "unknown key": lambda forger: forger.sign(header={"kid": "0" * 16}),
    "key that is a path": lambda forger: forger.sign(header={"kid": "../../dev/null"}),
    "key that is SQL": lambda forger: forger.sign(header={"kid": "' UNION SELECT 'key' --"}),
    "key that is a list": lambda forger: (
        f"{part(forger.header | {'kid': []})}.{part(forger.payload)}.{forger.token.split('.')[2]}"
    ),
    "tampered": lambda forger: (
        f"{forger.token.split('.')[0]}.{part(forger.payload | {'sub': 'x'})}"
        f".{forger.token.split('.')[2]}"
    ),
    "without its signature": lambda forger: forger.token.rpartition(".")[0] + ".",
    "header that is a list": lambda forger: f"{part([])}.{part({})}.",
    "oversized": lambda forger: forger.sign(more="x" * 4000),
    "empty": lambda forger: "",
    "two parts": lambda forger: "a.b",
    "not base64": lambda forger: "?.?.?",
    **{
        f"without {claim}": without(claim)
        for claim in ("aud", "exp", "iat", "iss", "jti", "sid", "sub")
    },
}


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("forge", FORGED.values(), ids=list(FORGED))
def test_forged_token_is_refused(client: httpx2.Client, forger: Forger, forge: Any) -> None:
    assert ask(client, forger.sign()).status_code == 200

    response = ask(client, forge(forger))

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["detail"] == "The token is invalid, expired or revoked."


def test_token_that_was_good_expires(
    client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = sign_up(client)["access_token"]

    def status_after(passed: timedelta) -> int:
        monkeypatch.setattr(tokens, "now", lambda: now() + passed)
        return ask(client, token).status_code

    assert status_after(LIFETIME - timedelta(minutes=1)) == 200
    assert status_after(LIFETIME + timedelta(minutes=1)) == 401


def test_token_says_of_which_type_and_of_which_service_it_is(forger: Forger) -> None:
    assert forger.header["typ"] == "at+jwt"
    assert forger.payload["iss"] == forger.payload["aud"] == PACKAGE


@pytest.mark.parametrize(("claim", "sign"), [("iat", 1), ("nbf", 1), ("exp", -1)])
def test_clocks_differ_by_seconds_and_not_by_minutes(
    client: httpx2.Client, forger: Forger, claim: str, sign: int
) -> None:
    def status_of(apart: timedelta) -> int:
        claims: dict[str, Any] = {claim: now() + sign * apart}
        return ask(client, forger.sign(**claims)).status_code

    assert status_of(timedelta(seconds=3)) == 200
    assert status_of(timedelta(minutes=1)) == 401


def test_refresh_token_gives_no_access(client: httpx2.Client) -> None:
    made = sign_up(client)

    assert ask(client, made["refresh_token"]).status_code == 401


def test_token_is_in_its_header_and_once(client: httpx2.Client) -> None:
    made = sign_up(client)
    token = made["access_token"]
    assert client.get(ME).headers["WWW-Authenticate"] == "Bearer"
    assert client.get(ME, params={"access_token": token}).status_code == 401
    twice = f"Bearer {token},Bearer {token}"
    assert client.get(ME, headers={"Authorization": twice}).status_code == 401
    assert client.get(ME, headers={"Authorization": f"Basic {token}"}).status_code == 401
    assert client.get(ME, headers={"Authorization": f"bearer {token}"}).status_code == 200


def test_two_headers_are_refused(client: httpx2.Client) -> None:
    token = sign_up(client)["access_token"]

    assert tokens.bearer_token([f"Bearer {token}"]) == token
    with pytest.raises(ProblemError) as caught:
        tokens.bearer_token([f"Bearer {token}", f"Bearer {token}"])
    assert caught.value.status == 401


def test_old_keys_are_good_while_they_are_rotated_out(settings: Settings) -> None:
    old = settings.secret_key
    rotated = {"secret_key": "a new key of the tests, long enough", "secret_key_fallbacks": [old]}
    rotated_out = rotated | {"secret_key_fallbacks": []}

    def read(changes: dict[str, Any], token: str) -> bool:
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
    assert read(rotated, token)
    assert not read(rotated_out, token)


def test_development_needs_no_key_and_tokens_end_with_the_process(settings: Settings) -> None:
    without = settings.model_copy(
        update={
            "environment": "development",
            "secret_key": None,
            "database_url": make_database("kept"),
        }
    )

    with client_for(create_app(without)) as client:
        made = sign_up(client)
        assert read_me(client, made).status_code == 200
    with client_for(create_app(without)) as client:
        assert read_me(client, made).status_code == 401


def test_secrets_are_in_no_line_of_the_log(
    app: App, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with client_for(app) as client, rolled_back(app, client):
        made = sign_up(client)
        client.get(ME, headers=authorization(made))
        renewed = refresh(client, made).json()
        assert refresh(client, made).status_code == refresh(client, renewed).status_code == 401
        assert refresh(client, {"refresh_token": "unknown"}).status_code == 401
        assert register(client, password="Password@123").status_code == 422
        assert log_in(client, "bob@example.com", "a wrong password of the tests").status_code == 401

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
        made["access_token"],
        made["refresh_token"],
        renewed["refresh_token"],
        "a password of the tests alone",
        "a wrong password of the tests",
        "Password@123",
    ):
        assert secret not in logged
    assert "@example.com" not in logged

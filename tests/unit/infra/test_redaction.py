"""No secret survives, whatever it stands in; ordinary words do."""

from __future__ import annotations

import base64
import json
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.infra import redaction
from core.infra.redaction import MASK, conceal, redacted, redacted_fields

SECRET = "s3cr3t-Value_0123456789abcdef"
NAMES = [
    "access_token",
    "refresh_token",
    "id_token",
    "input_token",
    "fb_exchange_token",
    "page_token",
    "token",
    "client_secret",
    "app_secret",
    "appsecret_proof",
    "code_verifier",
    "client_assertion",
    "password",
    "passwd",
    "signature",
    "api_key",
    "api-key",
    "secret_key",
    "private_key",
    "session_key",
    "X-Csrf-Token",
    "hub.verify_token",
    "PROVIDER_META_CLIENT_SECRET",
    "MASTHEAD_SECRET_KEY",
    "password_1",
    "client_secret_value",
    "tokenValue",
    "access-token-2",
]
OAUTH = ["code", "state", "nonce", "invitation"]
HEADERS = ["Authorization", "authorization", "Cookie", "Set-Cookie", "Proxy-Authorization", "X-Hub-Signature-256"]


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(redaction, "_known", set())
    return


def gone(text: str, secret: str = SECRET) -> str:
    after = redacted(text)
    assert secret not in after, after
    assert MASK in after
    return after


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "form",
    [
        "{n}={s}",
        "GET /v26.0/me?fields=id&{n}={s}&limit=5 HTTP/1.1",
        '{{"{n}": "{s}"}}',
        "{{'{n}': '{s}'}}",
        "{{'{n}': b'{s}'}}",
        "[('{n}', '{s}')]",
        "Request({n}='{s}')",
        "{n}: {s}",
        '{n} = "{s}"',
        "https://x.example/cb?a=1&redirect=%2Fb%3F{n}%3D{s}",
        "https://x.example/cb?a=1&redirect=%252Fb%253F{n}%253D{s}",
        "/cb?next=%25252Fb%25253F{n}%25253D{s}",
        "/cb?said=%7B%22{n}%22%3A%20%22{s}%22%7D",
        '{{"{n}": {{"value": "{s}"}}}}',
        '{{"{n}": ["{s}"]}}',
        '{{"{n}": "{s} with an end that was cut',
        "{n}='{s} with an end that was cut",
        "<{n}>{s}</{n}>",
        '<a:{n} xsi:type="xsd:string">\n{s}</a:{n}>',
        "<{n}><![CDATA[{s}]]></{n}>",
        '--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{s}\r\n--x--',
        '--x\nContent-Disposition: form-data; name="{n}"\nContent-Type: text/plain\n\nfirst\n{s}\n--x--',
        "b'--x\\r\\nContent-Disposition: form-data; name=\"{n}\"\\r\\n\\r\\n{s}\\r\\n--x--'",
    ],
)
def test_a_value_beside_a_name_that_sounds_secret_is_masked(name: str, form: str) -> None:
    gone(form.format(n=name, s=SECRET))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("value", ["{s}", 'a"{s}', "a\\{s}", "it's {s}", "x"])
def test_json_inside_json_is_masked_at_any_depth(name: str, depth: int, value: str) -> None:
    secret = value.format(s=SECRET)
    text = json.dumps({"a": "b", name: secret, "c": "kept"})
    for _ in range(depth):
        text = json.dumps({"body": text})
    after = redacted(text)
    assert SECRET not in after
    assert MASK in after
    assert "kept" in after


@pytest.mark.parametrize("name", OAUTH)
@pytest.mark.parametrize(
    "form",
    [
        "/oauth2callback?{n}={s}",
        "x=1&{n}={s}&y=2",
        "'{n}': '{s}'",
        "{n}={s}",
        "/start?next=%2Fcb%3F{n}%3D{s}",
        "/start?next=%252Fcb%253F{n}%253D{s}",
        '"body": "{{\\"{n}\\": \\"{s}\\"}}"',
    ],
)
def test_one_time_values_of_oauth_are_masked(name: str, form: str) -> None:
    gone(form.format(n=name, s=SECRET))


@pytest.mark.parametrize("name", OAUTH)
def test_short_ones_are_masked_in_a_query(name: str) -> None:
    assert gone(f"GET /cb?{name}=ab1 HTTP/1.1", "ab1") == f"GET /cb?{name}={MASK} HTTP/1.1"


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("form", ["{h}: {v}", "{{'{h}': '{v}'}}", "(b'{h}', b'{v}')", '"{h}": "{v}"', "{h}={v}"])
@pytest.mark.parametrize("value", ["Bearer {s}", "{s}", "Basic dXNlcjpz3cr3t {s}", "a=1; _streamlit_user={s}; b={s}"])
def test_headers_are_masked_to_their_end(header: str, form: str, value: str) -> None:
    gone(form.format(h=header, v=value.format(s=SECRET)))


@pytest.mark.parametrize(
    "text",
    [
        "send: b'GET / HTTP/1.1\\r\\nAuthorization: Bearer {s}\\r\\nCookie: a={s}\\r\\n'",
        "header: Set-Cookie: _streamlit_user_tokens_1={s}; Path=/",
        "sent with bearer {s}",
        "postgresql+psycopg://masthead_web:{s}@127.0.0.1:5432/masthead",
        "redis://:{s}@localhost:6379/0",
        "https://user:{s}@proxy.example:8080",
        "postgresql://web:a/{s}@127.0.0.1:5432/masthead",
        "postgresql://web:12345/{s}@127.0.0.1:5432/masthead",
        "redis://:a/b@c/{s}@localhost:6379/0",
        "https://user:a/{s}@proxy.example:8080",
        'Cookie: a="b"; session={s}; c=d',
        "connection to host=127.0.0.1 user=web password={s} failed",
        "connection to host=127.0.0.1 user=web password='{s} with spaces' failed",
    ],
)
def test_the_usual_places_are_masked(text: str) -> None:
    gone(text.format(s=SECRET))


@pytest.mark.parametrize(
    "value",
    [
        "EAAGm0PX4ZCpsBAK9ZBy7ZCZAu3",
        "IGQVJWabcdefghij0123456789",
        "1234567890123456|abcDEF0123456789_-xyz",
        "AQXdSP_W41_UPs5ioT_t8HESyODB4FqbkJ8LrV_5mff4gPODzOYR",
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lkIn0.c2lnbmF0dXJl",
    ],
)
def test_what_looks_like_a_token_is_masked_anywhere(value: str) -> None:
    assert redacted(f"Malformed ({value}), try again") == f"Malformed ({MASK}), try again"


def test_a_private_key_is_masked_whole_even_when_cut_off() -> None:
    key = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIfoo\nbar\n"
    assert redacted(f"{key}-----END EC PRIVATE KEY----- after") == f"{MASK} after"
    assert redacted(f"before {key}") == f"before {MASK}"


def test_values_this_process_must_never_write_are_masked_however_they_stand() -> None:
    conceal("a key/with+signs", "short")
    assert redacted("x a key/with+signs y") == f"x {MASK} y"
    assert redacted("x a%20key%2Fwith%2Bsigns y") == f"x {MASK} y"
    assert redacted("x a+key%2Fwith%2Bsigns y") == f"x {MASK} y"
    assert redacted("a short word") == "a short word"


@pytest.mark.parametrize(
    "text",
    [
        "publication 01a205d6-0380-7987-adb9-efc7ebf6ca86 scheduled -> queued, epoch 3",
        "POST /v26.0/112233/feed answered 200 in 0.21 s",
        "status_code=200 provider_code=190 subcode=460 code=190",
        "token_expires_at=2026-11-23T10:00:00Z",
        "https://www.facebook.com/112233/posts/445566",
        "state changed from draft to in_review",
        "the state: scheduled",
        "Invalid OAuth access token.",
        "tokens at rest",
        "12:30:45 worker-publish: drain took 0.3 s",
        "maya@northwind.example accepted",
        "http://localhost:8501/accounts?choose=01a205d6",
        "key_id=derived-1",
        "http://localhost:8501/people?email=maya@northwind.example",
        "<p>The token is at rest</p>",
        "password_changed_at=2026-11-23T10:00:00Z",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert redacted(text) == text


class Colour(StrEnum):
    RED = "red"


def test_fields_are_masked_by_key_and_become_what_json_holds() -> None:
    fields = {
        "access_token": SECRET,
        "headers": {"Authorization": SECRET, "Accept": "json"},
        "tried": [{"client_secret": SECRET}, ("a", SECRET[:5])],
        "note": f"token={SECRET}",
        "code": 190,
        "http_code": "200",
        "oauth": {"code": SECRET},
        "id": UUID(int=1),
        "at": datetime(2026, 11, 23, tzinfo=UTC),
        "colour": Colour.RED,
        "ciphertext": b"\x00" * 40,
        "scopes": {"b", "a"},
        "token_expires_at": None,
        "password": None,
        "needs_token": True,
        "proof": {"read": 3},
    }
    after = redacted_fields(fields)
    assert SECRET not in json.dumps(after)
    assert after["headers"] == {"Authorization": MASK, "Accept": "json"}
    assert after["tried"] == [{"client_secret": MASK}, ["a", "s3cr3"]]
    assert (after["code"], after["http_code"], after["oauth"]) == (190, "200", {"code": MASK})
    assert (after["id"], after["colour"]) == ("00000000-0000-0000-0000-000000000001", "red")
    assert (after["ciphertext"], after["scopes"]) == ("[40 bytes]", ["a", "b"])
    assert (after["password"], after["needs_token"], after["proof"]) == (None, True, {"read": 3})


@pytest.mark.parametrize(
    "value",
    [
        {"token": {"value": SECRET}},
        {"credentials": {"password": {"of": [SECRET]}}},
        {"token": [SECRET]},
        {"password_1": SECRET},
        {"clientSecretValue": SECRET},
        {"headers": [("Cookie", SECRET), ("Accept", "json")]},
        {"headers": [["Authorization", SECRET]]},
        {"headers": [(b"cookie", SECRET)]},
        {"form": (("access_token", {"is": SECRET}),)},
        {"tried": ("code", SECRET)},
        {"body": json.dumps({"password": SECRET})},
        {"body": json.dumps({"data": json.dumps({"token": {"value": SECRET}})})},
        {"headers": repr([("Cookie", SECRET)])},
    ],
    ids=str,
)
def test_no_shape_of_fields_lets_a_secret_by(value: dict[str, object]) -> None:
    after = json.dumps(redacted_fields(value))
    assert SECRET not in after
    assert MASK in after


def test_pairs_that_are_no_secret_stay() -> None:
    pairs = {"headers": [("Accept", "json"), ("code", 190), ("token", None), ("needs_token", True)]}
    assert redacted_fields(pairs) == {
        "headers": [["Accept", "json"], ["code", 190], ["token", None], ["needs_token", True]]
    }


def test_fields_as_deep_as_a_well_end_somewhere() -> None:
    deep: dict[str, object] = {"access_token": SECRET}
    for _ in range(50):
        deep = {"in": [deep]}
    assert SECRET not in json.dumps(redacted_fields(deep))


@dataclass
class Grant:
    access_token: str


def test_an_object_that_shows_its_secret_is_masked() -> None:
    assert redacted_fields({"grant": Grant(SECRET)}) == {"grant": f"Grant(access_token={MASK})"}


def test_a_traceback_is_masked() -> None:
    try:
        try:
            raise ValueError(f"Malformed access token EAAB{SECRET.replace('-', '').replace('_', '')}")
        except ValueError as inner:
            raise RuntimeError(f"GET https://graph.facebook.com/me?access_token={SECRET} failed") from inner
    except RuntimeError as error:
        text = "".join(traceback.format_exception(error))
    after = gone(text)
    assert SECRET.replace("-", "").replace("_", "") not in after
    assert "raise RuntimeError(f" in after


TOKEN = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~", min_size=12, max_size=200)


@settings(max_examples=300, deadline=None)
@given(TOKEN, st.sampled_from(NAMES), st.integers(0, 5))
def test_no_token_survives_any_usual_form(token: str, name: str, form: int) -> None:
    text = [
        urlencode({"a": "b", name: token, "c": "d"}),
        json.dumps({"x": {name: token}}),
        repr({name: token}),
        f"Authorization: Bearer {token}",
        f"postgresql://web:{quote(token, safe='')}@db.example/masthead",
        "Authorization: Basic " + base64.b64encode(f"id:{token}".encode()).decode(),
    ][form]
    assume(token not in text.replace(token, "", 1))  # a token that is also a word around it can't be told apart
    secret = base64.b64encode(f"id:{token}".encode()).decode() if form == 5 else token
    assert secret not in redacted(text)


@settings(max_examples=50, deadline=500)
@given(st.text(max_size=300))
def test_any_text_at_all_is_taken(text: str) -> None:
    assert isinstance(redacted(text), str)


@pytest.mark.parametrize(
    "unit",
    [
        *("a", "a.", "token", "token=", '"', "a:", "-----BEGIN X PRIVATE KEY", "://", "\\", "%3D", " ", "-", "<"),
        *("-eyJaaaaaaaa", "eyJaaaaaaaa", "eyJaaaaaaaa.", "eyJaaaaaaaa.bbbb.", "-AQ", "-IGQVa", "-----END "),
        *("x://a:", "redis://a:", "redis://a:b", "x://a:1/", 'token="', "token='", "token='token=\"", 'token":"'),
        *("token\":'", "token\":'\\", 'token\\":\\"', 'token\\":\\\\\\"', 'token\\":\\"\\', 'token\\": '),
        *('token": ', 'token":{', "token%25", "token%2522", "%25", "<token>", "<token ", "<token", "<a:", "bearer "),
        *('form-data;name="token"', 'form-data;name="token"\n', 'form-data;name="', 'form-data;name="token"\n\n'),
        *("form-data;name=token\n\nx\n-", "form-data;name=token\\n", "cookie", "cookie:", "cookie: \n", "cookie ="),
        *("?code=", "%3Fcode%253D", "code:", "state\\\\", "token_", "token_1", "tokens", "authorization:  "),
    ],
)
def test_a_long_hostile_line_costs_no_more_than_its_length(unit: str) -> None:
    """Four times the text may cost four times as much, and some noise; what is quadratic costs sixteen times."""
    short, long = (unit * (length // len(unit)) for length in (25_000, 100_000))
    most_s = min(_cost_s(short) for _ in range(3)) * 9 + 0.05
    assert any(_cost_s(long) < most_s for _ in range(3))


def _cost_s(text: str) -> float:
    """Seconds of processor time, which other processes don't lengthen."""
    begun = time.process_time()
    redacted(text)
    return time.process_time() - begun

"""A person with a browser: the console's cookie, ingest, and Facebook's dialog as the sandbox shows it."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import Client, TestResponse

from core.accounts import commands
from core.infra.actor import Actor
from core.infra.settings import Settings
from core.organizations.cookie import COOKIE, cookie_secret
from tests.factories.organizations import SignIn
from tests.fixtures.programs import RunningSandbox

SCOPES = (
    *("pages_show_list", "pages_manage_posts", "pages_read_engagement", "business_management"),
    *("instagram_basic", "instagram_content_publish"),
    *("pages_manage_engagement", "pages_read_user_content"),
    *("instagram_manage_comments", "instagram_manage_contents"),
)


@dataclass
class Person:
    """Somebody signed in to the console, who is also somebody at Facebook (`facebook`, an id of the sandbox)."""

    app: Flask
    settings: Settings
    sandbox: RunningSandbox
    sign_in: SignIn
    actor: Actor
    facebook: str = "p-maya"
    ingest: Client = field(init=False)

    def __post_init__(self) -> None:
        self.ingest = self.app.test_client()
        self.ingest.set_cookie(COOKIE, cookie_value(self.sign_in, self.settings), domain="localhost")

    def get(self, address: str, **headers: str) -> TestResponse:
        """Ask ingest at its own address."""
        parts = urlsplit(address)
        return self.ingest.get(
            f"{parts.path}?{parts.query}" if parts.query else parts.path,
            base_url=f"{parts.scheme}://{parts.netloc}" if parts.netloc else self.settings.ingest_url,
            headers=headers,
        )

    def start(self, connection_id: Any = None) -> str:
        """Press Connect; returns the address at Facebook."""
        answer = self.get(commands.connect_intent(self.actor, "meta", connection_id))
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def answer_of_facebook(
        self, dialog: str, *, scopes: Sequence[str] = SCOPES, pages: Sequence[str] = (), cancel: bool = False
    ) -> str:
        """Go through the dialog; returns the address that Facebook sends the browser back to."""
        with httpx.Client(timeout=10) as facebook:
            answer = facebook.post(dialog, data={"person": self.facebook}, follow_redirects=True)
            for _ in range(3):
                if answer.is_redirect:
                    return answer.headers["location"]
                form: dict[str, Any] = {"person": self.facebook, "action": "cancel" if cancel else "continue"}
                if not cancel:
                    form |= {"scope": list(scopes), "pages": "some" if pages else "all", "page": list(pages)}
                answer = facebook.post(str(answer.url), data=form, follow_redirects=False)
            raise AssertionError(answer.text)

    def consent(self, **how: Any) -> str:
        """Press Connect and go through the dialog; returns the callback's address."""
        return self.answer_of_facebook(self.start(), **how)

    def connect(self, **how: Any) -> commands.UUID:
        """Everything up to the choice; returns the pending connection."""
        answer = self.get(self.consent(**how))
        assert answer.status_code == 303, answer.text
        found = re.fullmatch(
            rf"{re.escape(self.settings.console_url)}/accounts\?choose=(.+)", answer.headers["Location"]
        )
        assert found is not None, answer.headers["Location"]
        return commands.UUID(found[1])


def cookie_value(sign_in: SignIn, settings: Settings) -> str:
    """The console's cookie of a sign-in, as Streamlit writes it."""
    content = json.dumps({**sign_in.claims, "is_logged_in": True, "origin": settings.console_url})
    signed = URLSafeTimedSerializer(cookie_secret(settings), salt=COOKIE).dumps(content)
    return signed if isinstance(signed, str) else signed.decode()


def query_of(address: str) -> dict[str, str]:
    """The query of an address."""
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


def exchanges(sandbox: RunningSandbox) -> int:
    """How many codes were brought to the network's token address so far, accepted or not."""
    return sum(
        request["path"].endswith("/oauth/access_token") and "code" in {**request["query"], **request["form"]}
        for request in sandbox.get("/_sandbox/requests")
    )


def app_of(sandbox: RunningSandbox) -> dict[str, str]:
    """The app that the sandbox knows us as at Meta."""
    app: dict[str, str] = next(app for app in sandbox.get("/_sandbox/world")["apps"] if app["provider"] == "meta")
    return app


def take_off(sandbox: RunningSandbox, person: str) -> None:
    """Remove Masthead from a person's Facebook account, as if they had never connected."""
    token = sandbox.post("/_sandbox/tokens", {"provider": "meta", "person": person, "scopes": list(SCOPES)})[
        "access_token"
    ]
    proof = hmac.digest(app_of(sandbox)["client_secret"].encode(), token.encode(), hashlib.sha256).hex()
    answer = httpx.request(
        "DELETE",
        f"{sandbox.url}/graph.facebook.com/v26.0/me/permissions",
        params={"access_token": token, "appsecret_proof": proof},
    )
    assert answer.is_success, answer.text

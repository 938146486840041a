"""Meta as our client sees it, at the running sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from pydantic import SecretStr

from core.provider_kit.port import Provider
from core.provider_kit.types import Grant
from core.providers.meta import build
from tests.fixtures.programs import RunningSandbox

ALL = ("pages_show_list", "pages_manage_posts", "pages_read_engagement", "business_management")
INSTAGRAM = ("instagram_basic", "instagram_content_publish")


@dataclass
class World:
    """The sandbox, and Meta as our client sees it."""

    sandbox: RunningSandbox
    provider: Provider
    redirect_uri: str

    def sign_in(
        self, person: str, *, asked: Sequence[str] = ALL, scopes: Sequence[str] = ALL, pages: Sequence[str] = ()
    ) -> str:
        """Walk through the dialog as a person would, who may leave some of what is `asked` unticked; gives the code."""
        address = self.provider.oauth.authorize_url(
            redirect_uri=self.redirect_uri,
            state="s" * 43,
            scopes=asked,
            code_challenge=None,
            ask_again=True,
        )
        form: dict[str, Any] = {"person": person, "action": "continue", "scope": list(scopes)}
        form |= {"pages": "some", "page": list(pages)} if pages else {"pages": "all"}
        with httpx.Client() as browser:
            browser.post(address, data={"person": person})
            back = browser.post(address, data=form).headers["location"]
        query = parse_qs(urlsplit(back).query)
        assert query["state"] == ["s" * 43]
        return query["code"][0]

    def forget(self, person: str) -> None:
        """Take the app off: what somebody granted before isn't asked again, so it couldn't be left unticked."""
        self.provider.oauth.revoke(self.token(person))

    def grant(self, person: str, **choice: Any) -> Grant:
        code = self.sign_in(person, **choice)
        return self.provider.oauth.exchange(code=code, redirect_uri=self.redirect_uri, code_verifier=None)

    def token(self, person: str, *more: str) -> SecretStr:
        asked = {"provider": "meta", "person": person, "scopes": [*ALL, *more]}
        made = self.sandbox.post("/_sandbox/tokens", asked)
        return SecretStr(made["access_token"])

    def live(self, text: str) -> list[dict[str, Any]]:
        return [post for post in self.sandbox.get("/_sandbox/posts") if post["text"] == text]

    def page(self, name: str) -> str:
        accounts = self.sandbox.get("/_sandbox/world")["accounts"]
        return str(next(one["id"] for one in accounts if (one["network"], one["name"]) == ("facebook", name)))

    def fault(self, route: str, mode: str, *, times: int = 1, **args: Any) -> None:
        """The next so many calls of `route` below the Graph API meet this."""
        method, path = route.split(" ", 1)
        body = {"route": f"{method} /graph.facebook.com/*/{path}", "mode": mode, "times": times, "args": args}
        self.sandbox.post("/_sandbox/faults", body)

    @contextmanager
    def without_mistakes(self) -> Iterator[None]:
        """Inside the block nothing we ask may be malformed in the network's eyes; its faults end with it."""
        last = self.sandbox.get("/_sandbox/requests", limit=1)
        yield
        self.sandbox.delete("/_sandbox/faults")
        asked = self.sandbox.get("/_sandbox/requests", after=last[0]["number"] if last else 0)
        assert [one for one in asked if one["kind"] == "protocol"] == []


def meta_at(sandbox: RunningSandbox, **settings: str) -> Provider:
    app = next(app for app in sandbox.get("/_sandbox/world")["apps"] if app["provider"] == "meta")
    return build(
        {
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
            "graph_url": f"{sandbox.url}/graph.facebook.com",
            "dialog_url": f"{sandbox.url}/www.facebook.com",
            "instagram_url": f"{sandbox.url}/www.instagram.com",
            "video_url": f"{sandbox.url}/graph-video.facebook.com",
            "upload_url": f"{sandbox.url}/rupload.facebook.com",
            **settings,
        }
    )

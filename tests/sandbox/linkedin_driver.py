"""What a client of LinkedIn sends, and what a member clicks, over a started sandbox."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from PIL import Image

from tests.sandbox.driver import Box, query_of

API, WWW = "/api.linkedin.com", "/www.linkedin.com"
AUTHORIZATION = f"{WWW}/oauth/v2/authorization"
VERSION = "202609"
ORGANIZATION_SCOPES = ["rw_organization_admin", "w_organization_social", "r_organization_social", "r_basicprofile"]
FEED_SCOPES = [*ORGANIZATION_SCOPES, "w_organization_social_feed", "r_organization_social_feed"]
MEMBER_SCOPES = ["openid", "profile", "email", "w_member_social"]
RESERVED = "\\|{}@[]()<>#*_~"


@dataclass
class Author:
    """Who posts, with their token."""

    urn: str
    token: str
    person: str


def encoded(text: str) -> str:
    return quote(text, safe="")


def escaped(text: str) -> str:
    return "".join(f"\\{letter}" if letter in RESERVED else letter for letter in text)


def picture(width: int = 40, height: int = 30, kind: str = "PNG", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 60)).save(out, kind, **more)
    return out.getvalue()


class LinkedIn:
    """A client of the sandbox's LinkedIn."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.apps = {app["provider"]: app for app in box.control("world")["apps"]}

    # Members and organizations

    def organization(self, person: str | None = None) -> Author:
        who = person or self.box.new_person()
        body = {"provider": "linkedin", "count": 1, "person": who, "prefix": "Test"}
        made = self.box.control("accounts", body)[0]
        return Author(made["id"], made["access_token"], who)

    def member(self, person: str | None = None) -> Author:
        who = person or self.box.new_person()
        token = self.token("linkedin_member", who, MEMBER_SCOPES)
        sub = self.http("GET", f"{API}/v2/userinfo", token).json()["sub"]
        return Author(f"urn:li:person:{sub}", token, who)

    def token(self, provider: str, person: str, scopes: list[str]) -> str:
        body = {"provider": provider, "person": person, "scopes": scopes}
        return str(self.box.control("tokens", body)["access_token"])

    # The API

    def http(self, method: str, path: str, token: str | None, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.box.http.request(method, path, headers={**headers, **more.pop("headers", {})}, **more)

    def rest(self, method: str, path: str, token: str | None, how: str | None = None, **more: Any) -> httpx.Response:
        """Call as a correct client; `how` is the Rest.li method."""
        headers = {"Linkedin-Version": VERSION, "X-Restli-Protocol-Version": "2.0.0"}
        headers |= {"X-RestLi-Method": how} if how else {}
        return self.http(method, f"{API}/rest/{path}", token, headers={**headers, **more.pop("headers", {})}, **more)

    def body(self, author: Author, commentary: str, **more: Any) -> dict[str, Any]:
        return {
            "author": author.urn,
            "commentary": commentary,
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
            **more,
        }

    def publish(self, author: Author, commentary: str, **more: Any) -> httpx.Response:
        return self.rest("POST", "posts", author.token, "CREATE", json=self.body(author, commentary, **more))

    def read(self, author: Author, urn: str) -> httpx.Response:
        return self.rest("GET", f"posts/{encoded(urn)}", author.token)

    def listed(self, author: Author, query: str = "") -> dict[str, Any]:
        path = f"posts?q=author&author={encoded(author.urn)}{query}"
        told: dict[str, Any] = self.rest("GET", path, author.token, "FINDER").json()
        return told

    def act(self, author: Author, resource: str, action: str, body: dict[str, Any]) -> httpx.Response:
        named = {f"{action}Request": body}
        return self.rest("POST", f"{resource}?action={action}", author.token, "ACTION", json=named)

    def reserve(self, author: Author, resource: str = "images", **more: Any) -> dict[str, Any]:
        answer = self.act(author, resource, "initializeUpload", {"owner": author.urn, **more})
        assert answer.status_code == httpx.codes.OK, answer.text
        value: dict[str, Any] = answer.json()["value"]
        return value

    def put(self, url: str, content: bytes, **more: str) -> httpx.Response:
        headers = {"Content-Type": "application/octet-stream", **more}
        return self.box.http.put(url.replace("localhost", "127.0.0.1"), content=content, headers=headers)

    def image(self, author: Author, content: bytes | None = None) -> str:
        """A picture that is AVAILABLE."""
        place = self.reserve(author)
        assert self.put(place["uploadUrl"], content or picture()).status_code == httpx.codes.CREATED
        self.box.control("clock", {"advance_s": 1})
        return str(place["image"])

    def document(self, author: Author, content: bytes) -> str:
        """A document whose processing is over."""
        place = self.reserve(author, "documents")
        assert self.put(place["uploadUrl"], content).status_code == httpx.codes.CREATED
        self.box.control("clock", {"advance_s": 2})
        return str(place["document"])

    def parts(self, place: dict[str, Any], content: bytes) -> list[str]:
        """Send every part of a video; their ETags."""
        tags = []
        for part in place["uploadInstructions"]:
            answer = self.put(part["uploadUrl"], content[part["firstByte"] : part["lastByte"] + 1])
            assert (answer.status_code, answer.content) == (200, b"")
            tags.append(answer.headers["etag"])
        return tags

    def finalize(self, author: Author, place: dict[str, Any], tags: list[str], **changed: Any) -> httpx.Response:
        body = {"video": place["video"], "uploadToken": place["uploadToken"], "uploadedPartIds": tags, **changed}
        return self.act(author, "videos", "finalizeUpload", {k: v for k, v in body.items() if v is not None})

    def video(self, author: Author, content: bytes) -> str:
        """A video whose processing is over."""
        place = self.reserve(author, "videos", fileSizeBytes=len(content))
        assert self.finalize(author, place, self.parts(place, content)).is_success
        self.box.control("clock", {"advance_s": 2})
        return str(place["video"])

    def asset(self, author: Author, urn: str) -> dict[str, Any]:
        """What is told of a picture, video or document."""
        answer = self.rest("GET", f"{urn.split(':')[2]}s/{encoded(urn)}", author.token)
        assert answer.status_code == httpx.codes.OK, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def status(self, author: Author, urn: str) -> str:
        return str(self.asset(author, urn)["status"])

    # Comments

    def comment(self, author: Author, target: str, text: str, **more: Any) -> httpx.Response:
        body = {"actor": author.urn, "object": target, "message": {"text": text}, **more}
        return self.rest("POST", f"socialActions/{encoded(target)}/comments", author.token, "CREATE", json=body)

    def comments(self, author: Author, target: str, query: str = "") -> httpx.Response:
        return self.rest("GET", f"socialActions/{encoded(target)}/comments{query}", author.token, "GET_ALL")

    # OAuth

    def ask(self, provider: str = "linkedin", **changed: str) -> dict[str, str]:
        app = self.apps[provider]
        scopes = ORGANIZATION_SCOPES if provider == "linkedin" else MEMBER_SCOPES
        asked = {
            "response_type": "code",
            "client_id": app["client_id"],
            "redirect_uri": app["redirect_uris"][0],
            "state": "s t&te=1",
            "scope": " ".join(scopes),
        }
        return {name: value for name, value in {**asked, **changed}.items() if value}

    def consent(self, person: str, provider: str = "linkedin", **changed: str) -> dict[str, str]:
        data = {"action": "continue", "person": person}
        answer = self.box.http.post(AUTHORIZATION, params=self.ask(provider, **changed), data=data)
        assert answer.status_code == httpx.codes.FOUND, answer.text
        return query_of(answer.headers["location"])

    def exchange(self, provider: str = "linkedin", **changed: str) -> httpx.Response:
        app = self.apps[provider]
        data = {
            "grant_type": "authorization_code",
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
            "redirect_uri": app["redirect_uris"][0],
            **changed,
        }
        data = {name: value for name, value in data.items() if value}
        return self.box.http.post(f"{WWW}/oauth/v2/accessToken", data=data)

    def refresh(self, token: str, **changed: str) -> httpx.Response:
        return self.exchange(grant_type="refresh_token", refresh_token=token, redirect_uri="", **changed)

    def oauth(self, what: str, token: str, provider: str = "linkedin", **changed: str) -> httpx.Response:
        app = self.apps[provider]
        data = {"client_id": app["client_id"], "client_secret": app["client_secret"], "token": token, **changed}
        return self.box.http.post(f"{WWW}/oauth/v2/{what}", data=data)


def code(answer: httpx.Response) -> tuple[int, int | None, str | None]:
    """Status, serviceErrorCode and code of a refusal, whose envelope is checked on the way."""
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["message"]
    assert answer.headers["x-li-uuid"]
    return answer.status_code, problem.get("serviceErrorCode"), problem.get("code")

"""Drives a started sandbox over HTTP: what a person clicks, what a client of Meta sends, what a harness asks."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import signal
import smtplib
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.fixtures.malformed import Malformed

PROJECT = Path(__file__).parents[2]
CONSOLE = "http://localhost:8501"
INGEST = "http://localhost:8502"
PUBLISH = ["pages_show_list", "pages_manage_posts", "pages_read_engagement"]
STARTS_WITHIN_S = 20


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass
class Page:
    """A Page and its token."""

    id: str
    name: str
    token: str


@dataclass
class Instagram:
    """An Instagram account and the token of the Page it is linked to."""

    id: str
    page: Page


class Box:
    """One sandbox process and a client for it. Redirects are never followed: tests look at them."""

    def __init__(self, data: Path, seed: int = 1, port: int | None = None) -> None:
        self.data = data
        self.seed = seed
        self.port = port or free_port()
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=10)
        self.malformed = Malformed(lambda: self.control("requests?kind=protocol"))
        self.start()

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "sandbox",
            "--port",
            str(self.port),
            "--mail-port",
            "0",
            "--data",
            str(self.data),
        ]
        command += ["--seed", str(self.seed), "--console-url", CONSOLE, "--ingest-url", INGEST]
        self.process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL)
        until = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < until:
            try:
                self.control("health")
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                break
        app = next(app for app in self.control("world")["apps"] if app["provider"] == "meta")
        self.app_id, self.secret, self.redirect_uri = app["client_id"], app["client_secret"], app["redirect_uris"][0]

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(10)

    def close(self) -> None:
        left = self.malformed.since() if self.process.poll() is None else []
        if self.process.poll() is None:
            self.end()
        self.http.close()
        assert left == [], "the network would call this malformed"

    # The control interface

    def control(self, path: str, body: Any = None, method: str | None = None) -> Any:
        answer = self.http.request(method or ("GET" if body is None else "POST"), f"/_sandbox/{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def fault(self, route: str, mode: str, **more: Any) -> int:
        return int(self.control("faults", {"route": route, "mode": mode, **more})["id"])

    @property
    def smtp(self) -> smtplib.SMTP:
        """A new connection to where mail is taken."""
        return smtplib.SMTP("127.0.0.1", urlsplit(self.control("world")["smtp_url"]).port, timeout=10)

    def new_person(self) -> str:
        person = f"p-{os.urandom(6).hex()}"
        self.control("people", {"id": person, "name": "Test Person", "email": f"{person}@test.example"})
        return person

    def new_pages(self, count: int = 1, person: str | None = None) -> list[Page]:
        body = {"count": count, "person": person or self.new_person(), "prefix": "Test"}
        return [Page(page["id"], page["name"], page["page_token"]) for page in self.control("accounts", body)]

    def new_instagram(self, count: int = 1, person: str | None = None) -> list[Instagram]:
        body = {"count": count, "person": person or self.new_person(), "prefix": "Test", "network": "instagram"}
        return [
            Instagram(made["instagram_id"], Page(made["id"], made["name"], made["page_token"]))
            for made in self.control("accounts", body)
        ]

    def user_token(self, person: str, scopes: list[str] | None = None) -> str:
        body = {"provider": "meta", "person": person, "scopes": PUBLISH if scopes is None else scopes}
        return str(self.control("tokens", body)["access_token"])

    def posts(self, account_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control(f"posts?account_id={account_id}")
        return found

    def last_request(self, path: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = self.control(f"requests?path={path}&limit=1")
        return found[0]

    # The Graph API

    def proof(self, token: str) -> str:
        return hmac.new(self.secret.encode(), token.encode(), hashlib.sha256).hexdigest()

    def graph(
        self, method: str, path: str, token: str | None, *, body: Any = None, **parameters: Any
    ) -> httpx.Response:
        """Call as a correct client: token and proof with every call, parameters of a POST in its form."""
        signed = {**parameters, **({"access_token": token, "appsecret_proof": self.proof(token)} if token else {})}
        options: dict[str, Any] = {"data": signed} if method == "POST" and body is None else {"params": signed}
        if body is not None:
            options["json"] = body
        return self.http.request(method, f"/graph.facebook.com/v26.0/{path}", **options)

    def publish(self, page: Page, message: str, **parameters: Any) -> httpx.Response:
        return self.graph("POST", f"{page.id}/feed", page.token, message=message, **parameters)

    # The login dialog

    def dialog(self, person: str, scopes: list[str], *, ask: list[str] | None = None, **form: Any) -> dict[str, str]:
        """Go through the dialog as a person who ticks `scopes`; returns the parameters of the redirect."""
        answer = self.http.post(
            "/www.facebook.com/v26.0/dialog/oauth",
            params={
                "client_id": self.app_id,
                "redirect_uri": self.redirect_uri,
                "state": "s t&te=1",
                "scope": ",".join(ask or scopes),
                **form.pop("query", {}),
            },
            data={"action": "continue", "person": person, "scope": scopes, "pages": "all", **form},
        )
        assert answer.status_code == httpx.codes.FOUND, answer.text
        assert answer.headers["location"].startswith(self.redirect_uri)
        return query_of(answer.headers["location"])

    def redeem(self, code: str, **changed: str) -> httpx.Response:
        parameters = {
            "client_id": self.app_id,
            "client_secret": self.secret,
            "redirect_uri": self.redirect_uri,
            "code": code,
            **changed,
        }
        return self.http.get("/graph.facebook.com/v26.0/oauth/access_token", params=parameters)

    def exchange(self, token: str) -> httpx.Response:
        parameters = {
            "grant_type": "fb_exchange_token",
            "client_id": self.app_id,
            "client_secret": self.secret,
            "fb_exchange_token": token,
        }
        return self.http.get("/graph.facebook.com/v26.0/oauth/access_token", params=parameters)

    def debug(self, token: str) -> dict[str, Any]:
        answer = self.http.get(
            "/graph.facebook.com/v26.0/debug_token",
            params={"input_token": token, "access_token": f"{self.app_id}|{self.secret}"},
        )
        assert answer.status_code == httpx.codes.OK
        data: dict[str, Any] = answer.json()["data"]
        return data


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def error(answer: httpx.Response) -> tuple[int, int | None]:
    """Code and subcode of a refusal, whose envelope is checked on the way."""
    problem = answer.json()["error"]
    assert re.fullmatch(r"A[\w-]{16}", problem["fbtrace_id"])
    assert problem["message"]
    return problem["code"], problem.get("error_subcode")

"""LinkedIn as our client sees it, at the running sandbox."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import httpx
from PIL import Image
from pydantic import SecretStr
from typing_extensions import override

from core.cli import stand_in
from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import NotReady
from core.provider_kit.port import Provider, Publisher
from core.provider_kit.types import Access, MediaItem, OfferedAccount, Payload, Published, ReadBack
from core.providers.linkedin import build


class Files(KeptSteps):
    """One real file."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content

    @override
    def read(self, item: MediaItem) -> bytes:
        return self.content


@dataclass(frozen=True)
class Granted:
    """A provider at the sandbox with a token of somebody there."""

    provider: Provider
    token: SecretStr
    url: str

    def accounts(self) -> list[OfferedAccount]:
        return [*self.provider.oauth.accounts(self.token)]

    @property
    def posts(self) -> Publisher:
        return self.provider.publishers["linkedin"]

    def publish(self, payload: Payload, steps: KeptSteps, *, timeout_s: float = 10) -> Published:
        access = self.access(payload)
        while True:
            try:
                call = self.posts.prepare(payload, access, steps)
            except NotReady as wait:
                time.sleep(wait.after_s)
            else:
                return self.posts.publish(call, access, timeout_s=timeout_s)

    def read(self, payload: Payload, steps: KeptSteps) -> ReadBack:
        since = datetime.now(UTC) - timedelta(minutes=1)
        return self.posts.read_back(payload, self.access(payload), steps, since=since, timeout_s=10)

    def payload(self) -> Payload:
        """Words for the first account that can be chosen."""
        account = next(each for each in self.accounts() if each.eligible)
        return Payload("linkedin", account.provider_account_id, f"Fresh beans {uuid4()}")

    def image(self) -> tuple[Payload, KeptSteps]:
        """The same with an image, and the steps that have its file."""
        held = BytesIO()
        Image.new("RGB", (600, 400), tuple(os.urandom(3))).save(held, "PNG")
        content = held.getvalue()
        item = MediaItem(hashlib.sha256(content).hexdigest(), "image/png", 600, 400, len(content), "Beans")
        return replace(self.payload(), media=(item,)), Files(content)

    def fault(self, method: str, path: str, mode: str, **args: Any) -> None:
        """The next call there meets this."""
        body = {"route": f"{method} /*linkedin.com/{path}", "mode": mode, "times": 1, "args": args}
        httpx.post(f"{self.url}/_sandbox/faults", json=body, timeout=10).raise_for_status()

    def live(self, payload: Payload) -> list[dict[str, Any]]:
        """What followers of the account see of it."""
        posts = httpx.get(f"{self.url}/_sandbox/posts", timeout=10).json()
        return [post for post in posts if post["text"] == payload.text and post["network"] == "linkedin"]

    def access(self, payload: Payload) -> Access:
        return Access(payload.provider_account_id, self.token, "cid")

    def seen(self, payload: Payload) -> dict[str, Any]:
        """The post as its followers see it."""
        (found,) = self.live(payload)
        return found


Grant = Callable[[str], Granted]


def linkedin_at(url: str, **settings: str) -> dict[str, Provider]:
    """Both apps, quick to look again. Addresses say localhost, as those that the sandbox gives for uploads do."""
    prefix = "PROVIDER_LINKEDIN_"
    group = next(one for one in stand_in.environments(url) if f"{prefix}CLIENT_ID" in one)
    quick = {"image_poll_s": "0.2", "image_grace_s": "2"}
    both = build({name.removeprefix(prefix).lower(): value for name, value in group.items()} | quick | settings)
    return {each.key: each for each in both}

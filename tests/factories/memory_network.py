"""Networks in memory that publish in one, two or three steps, for deaths in this process and for exact moments.

`container`: a container is made, watched, published by its name; it can't be published twice, and says what became of
it (Instagram's shape). `photo`: a photo nobody sees, then a post with it, found again by the photo (Facebook's).
`upload`: a place is asked for, the bytes go there, the status is watched, then a post with it, found again by its text
(LinkedIn's).
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from core.provider_kit.begin_by import BeginBy
from core.provider_kit.errors import NotReady, OutcomeUnknown, Rejected, RetryLater
from core.provider_kit.naming import post_name
from core.provider_kit.port import Steps
from core.provider_kit.signatures import call_sha256
from core.provider_kit.types import Access, LivePost, Payload, PostName, Problem, Published, ReadBack, VisibleCall

SHAPES: Final = ("container", "photo", "upload")
WORKING: Final = "The network is still processing the image."


@dataclass
class Visible:
    """A post as followers see it."""

    id: str
    account: str
    text: str
    made_from: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class MemoryNetwork:
    """One such network. `faults` are used up one per call: (what is called, what goes wrong).

    make: lost_before, lost_after. status: working, broken. publish: lost_before, lost_after, refused, later, working.
    read: fails, partial. Where the network names no post of its own in a read-back, `names_posts` is False.
    """

    shape: str
    faults: list[tuple[str, str]] = field(default_factory=list)
    names_posts: bool = True
    alive: Callable[[], None] = lambda: None
    posts: list[Visible] = field(default_factory=list)
    made: dict[str, str] = field(default_factory=dict)  # reference -> state
    calls: Counter[str] = field(default_factory=Counter)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def problems(self, payload: Payload) -> Sequence[Problem]:
        return []

    def prepare(self, payload: Payload, access: Access, steps: Steps) -> VisibleCall:
        name = "image" if self.shape == "upload" else self.shape
        reference = steps.get(name)
        if reference is None:
            reference = self._make(name)
            steps.keep(name, reference, lives_s=86_400)
        if self.shape == "upload" and steps.get("uploaded") is None:
            self._call("put")
            steps.keep("uploaded", reference)
        if self.shape != "photo":
            self._watch(name, reference, steps)
        body = f"{access.provider_account_id}\n{reference}\n{payload.text}".encode()
        return VisibleCall("POST", "https://network.example/p", body, "text/plain", call_sha256("POST", "/p", body))

    def publish(
        self, call: VisibleCall, access: Access, *, timeout_s: float, begin_by: BeginBy | None = None
    ) -> Published:
        account, reference, text = call.body.decode().split("\n", 2)
        wrong = self._call("publish")
        if wrong == "refused":
            raise Rejected("The network refuses this content.", how_to_fix="Change it.")
        if wrong == "later":
            raise RetryLater("The network asks to wait.", after_s=1)
        if wrong == "working":
            raise NotReady(WORKING, after_s=2)
        if wrong == "lost_before":
            raise OutcomeUnknown("The connection ended before the answer.")
        if self.shape == "container":
            if self.made[reference] == "published":
                raise OutcomeUnknown("The network knows no such container.")
            self.made[reference] = "published"
        post = Visible(f"post-{next(self._numbers)}", account, text, reference)
        self.posts.append(post)
        if wrong == "lost_after":
            raise OutcomeUnknown("The connection ended before the answer.")
        return Published(post.id, 200)

    def read_back(
        self, payload: Payload, access: Access, steps: Steps, *, since: datetime, timeout_s: float
    ) -> ReadBack:
        wrong = self._call("read")
        if wrong == "fails":
            raise RetryLater("The network asks to wait.")
        own = [post for post in self.posts if post.account == access.provider_account_id and post.text == payload.text]
        if self.shape == "photo":
            own = [post for post in own if post.made_from == steps.get("photo")]
        matches = tuple(self._shown(post) for post in own) if self.names_posts else ()
        if self.shape != "container":
            return ReadBack(complete=wrong != "partial", matches=matches, seen=len(own))
        container = steps.get("container")
        state = self.made.get(container or "", "")
        return ReadBack(
            complete=wrong != "partial",
            matches=matches,
            seen=len(own),
            proof={"container": container, "status": "PUBLISHED"} if state == "published" else None,
            may_repeat=state == "finished",
        )

    def probe(self, access: Access, *, timeout_s: float) -> None:
        self._call("probe")

    def permalink(self, provider_post_id: str, access: Access, *, timeout_s: float) -> str | None:
        return f"https://network.example/{provider_post_id}"

    def post_named(self, said: str) -> PostName | None:
        return post_name(said, "https://network.example")

    def shown(self, account: str, text: str) -> list[Visible]:
        """Every post ever made visible with these words on an account."""
        return [post for post in self.posts if (post.account, post.text) == (account, text)]

    def _make(self, name: str) -> str:
        wrong = self._call("make")
        if wrong == "lost_before":
            raise RetryLater("The network was away.")
        reference = f"{name}-{next(self._numbers)}"
        self.made[reference] = "finished"
        if wrong == "lost_after":
            raise RetryLater("The answer of the network was lost.")
        return reference

    def _watch(self, name: str, reference: str, steps: Steps) -> None:
        wrong = self._call("status")
        if wrong == "broken":
            self.made[reference] = "broken"
            steps.drop(name, "The network could not process the image.")
            if self.shape == "upload":
                steps.drop("uploaded", "The network could not process the image.")
            raise NotReady("The network could not process the image. It is handed over once more.", after_s=1)
        if wrong == "working":
            raise NotReady(WORKING, after_s=2)

    def _call(self, what: str) -> str:
        self.alive()
        self.calls[what] += 1
        found = next((fault for fault in self.faults if fault[0] == what), None)
        if found is None:
            return ""
        self.faults.remove(found)
        return found[1]

    @staticmethod
    def _shown(post: Visible) -> LivePost:
        return LivePost(post.id, post.text, None, post.at, f"https://network.example/{post.id}")

"""The shapes in which networks publish: where their calls go, which points they have, and which faults fit them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from core.infra import crash
from core.infra.actor import Actor, Role
from tests.factories.accounts import make_account
from tests.factories.organizations import make_actor, make_organization
from tests.factories.publishing import House, Page
from tests.fixtures.programs import RunningSandbox

Faults = tuple[tuple[str, dict[str, Any]], ...]
GRAPH: Final = "/graph.facebook.com/*"
REST: Final = "/api.linkedin.com/rest"


@dataclass(frozen=True)
class Fault:
    """One way in which the network misbehaves: at the visible call, while it is read back, at the steps before."""

    name: str
    feed: Faults = ()
    reading: Faults = ()
    making: Faults = ()


LOST: Final[Faults] = (("reset_after", {}),)
# PRODUCT 8's modes at the visible call, then while it is read back. A mode that would change the world for all cases
# after it (a person's tokens dead for good, a scope that is needed declined) is asked for in a way that it doesn't.
COMMON: Final = (
    Fault("none"),
    Fault("refuse", (("refuse", {}),)),
    Fault("error_before", (("error_before", {}),)),
    Fault("error_after", (("error_after", {}),)),
    Fault("reset_before", (("reset_before", {}),)),
    Fault("reset_after", LOST),
    Fault("slow_after", (("slow_after", {"ms": 1500}),)),
    Fault("latency", (("latency", {"ms": 300}),)),
    Fault("delayed_visibility", (("delayed_visibility", {"ms": 2500}),)),
    Fault("lost_and_delayed", (*LOST, ("delayed_visibility", {"ms": 2500}))),
    Fault("refused_but_live", (("refused_but_live", {}),)),
    Fault("duplicate_refused", (("duplicate_refused", {}),)),
    Fault("rate_limited", (("rate_limited", {}),)),
    Fault("usage", (("usage", {"percent": 50}),)),
    Fault("token_revoked", (("token_revoked", {"permanent": False}),)),
    Fault("scope_missing", (("scope_missing", {"scope": "nobody_needs_it"}),)),
    Fault("not_found_once", (("not_found_once", {}),)),
    Fault("garbage_body", (("garbage_body", {}),)),
    Fault("garbage_reading", LOST, (("garbage_body", {}),)),
    Fault("reading_fails", LOST, (("error_before", {}),)),
    Fault("reading_refused", (("error_after", {}),), (("not_found_once", {}),)),
)
# At the invisible steps before it.
MAKING: Final = (
    Fault("making_fails", making=(("error_before", {}),)),
    Fault("made_unheard", making=(("reset_after", {}),)),
    Fault("made_unheard_and_lost", LOST, (), (("reset_after", {}),)),
)
# Where what was made is watched until it is ready.
WATCHED: Final = (
    Fault("slow_container", making=(("slow_container", {"polls": 2}),)),
    Fault("slow_container_and_lost", LOST, (), (("slow_container", {"polls": 2}),)),
    Fault("container_error", making=(("container_error", {}),)),
)
# Where the death is prepared by an earlier one: what the sweep finds and what is read back was left in the middle of a
# send, and what is found kept was kept by somebody who is gone.
BEFORE: Final = {"c4": ("c3",), "sw1": ("s3",), "sw2": ("s3",), "r1": ("s3",), "r2": ("s3",), "r3": ("s3",)}

# Where it is prepared before its slot, and where deaths in a send begin with one that had been prepared.
AHEAD: Final = frozenset({*crash.AHEAD_LABELS, "c1", "c2", "c3", "c4", "c5"})
PREPARED: Final = "c3"
UP_TO_THE_STEPS: Final = frozenset({"d0", "d1", "d2", "d3", "w0", "w1", "c1", "c2", "c3", "c4"})


@dataclass(frozen=True)
class Shape:
    """One network's way of publishing. Routes are of one account, by its id there, where they name it.

    `files`: what a post carries, each "image", "video" or "document". `form`: how it appears, "" for whichever fits.
    `says_text`: whether the network shows words with it. `names_posts`: whether it answers with a post's id, or with
    that of the video in it.
    `ahead`: it is prepared before its slot, and dies there too.
    `begins`, `finishes`: the word that tells the step before the visible call from it where both go to one route.
    """

    name: str
    network: str
    provider: str
    faults: tuple[Fault, ...]
    feed: Callable[[str], str]
    reading: Callable[[str], str]
    making: Callable[[str], str] | None
    waits: Callable[[Fault], bool]
    account: Callable[[Mapping[str, str]], tuple[str, str]]
    files: tuple[str, ...] = ()
    form: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    begins: str = ""
    finishes: str = ""
    says_text: bool = True
    names_posts: bool = True
    ahead: bool = False

    @property
    def has_image(self) -> bool:
        """Whether it is published in several steps."""
        return self.making is not None

    def is_possible(self, label: str, fault: Fault) -> bool:
        """The impossible pairs.

        A text has no invisible steps, c5 is where the network still works on one, and what the network couldn't process
        is never sent.
        """
        if label == "c5":
            return self.waits(fault)
        if fault.name == "container_error":
            return label in UP_TO_THE_STEPS
        return self.has_image or not label.startswith("c")

    def pairs(self) -> list[tuple[str, Fault]]:
        """Every label with every fault that can meet there."""
        labels = (*crash.LABELS, *crash.AHEAD_LABELS) if self.ahead else crash.LABELS
        return [(label, fault) for label in labels for fault in self.faults if self.is_possible(label, fault)]

    def deaths(self, label: str) -> list[str]:
        """The points at which a publication dies one after the other so that the last one is this."""
        before = BEFORE.get(label, ())
        return [*([PREPARED] if self.ahead and label not in AHEAD else []), *before, label]

    def is_ahead(self, point: str) -> bool:
        """Whether it comes to this point before its slot."""
        return self.ahead and point in AHEAD

    def put(self, sandbox: RunningSandbox, account: str, fault: Fault, times: int = 1) -> None:
        """Let it wait for the next calls of this account, and for no other's."""
        for route, word, faults in (
            (self.feed, self.finishes, fault.feed),
            (self.reading, "", fault.reading),
            (self.making, self.begins, fault.making),
        ):
            for mode, args in faults if route else ():
                about = word or account
                wish = {"route": route(account), "about": about, "mode": mode, "times": times, "args": args}
                sandbox.post("/_sandbox/faults", wish)

    def house(self, sandbox: RunningSandbox, accounts: int) -> House:
        """An organization with so many accounts."""
        organization_id = make_organization()
        approver = make_actor(organization_id, Role.ADMIN, name="Ada Admin")
        author = make_actor(organization_id, Role.EDITOR, name="Edgar Editor")
        return House(organization_id, author, approver, self.accounts(sandbox, approver, accounts))

    def accounts(self, sandbox: RunningSandbox, actor: Actor, count: int) -> tuple[Page, ...]:
        """New accounts at the network, connected."""
        wish = {"count": count, "person": "p-maya", "prefix": self.name, "provider": self.provider}
        if self.network == "instagram":
            wish["network"] = self.network
        pages = []
        for each in sandbox.post("/_sandbox/accounts", wish):
            theirs, token = self.account(each)
            account = make_account(
                actor,
                name=each["name"],
                network=self.network,
                provider=self.provider,
                provider_account_id=theirs,
                token=token,
            )
            pages.append(Page(account, theirs, token))
        return tuple(pages)


def page_of(made: Mapping[str, str]) -> tuple[str, str]:
    """A Page and its token."""
    return made["id"], made["page_token"]


def instagram_of(made: Mapping[str, str]) -> tuple[str, str]:
    """An Instagram account and the token of its Page."""
    return made["instagram_id"], made["page_token"]


def linkedin_of(made: Mapping[str, str]) -> tuple[str, str]:
    """An organization at LinkedIn and its admin's token."""
    return made["id"], made["access_token"]


SHAPES: Final = (
    Shape(
        "facebook text",
        "facebook",
        "meta",
        COMMON,
        feed=lambda page: f"POST {GRAPH}/{page}/feed",
        reading=lambda page: f"GET {GRAPH}/{page}/published_posts",
        making=None,
        waits=lambda _fault: False,
        account=page_of,
    ),
    Shape(
        "facebook photo",
        "facebook",
        "meta",
        (*COMMON, *MAKING),
        feed=lambda page: f"POST {GRAPH}/{page}/feed",
        reading=lambda page: f"GET {GRAPH}/{page}/published_posts",
        making=lambda page: f"POST {GRAPH}/{page}/photos",
        waits=lambda _fault: False,
        account=page_of,
        files=("image",),
    ),
    Shape(
        "instagram image",
        "instagram",
        "meta",
        (*COMMON, *MAKING, *WATCHED),
        feed=lambda account: f"POST {GRAPH}/{account}/media_publish",
        reading=lambda account: f"GET {GRAPH}/{account}/media",
        making=lambda account: f"POST {GRAPH}/{account}/media",
        waits=lambda fault: fault.name.startswith("slow_container"),
        account=instagram_of,
        files=("image",),
    ),
    Shape(
        "linkedin text",
        "linkedin",
        "linkedin",
        COMMON,
        feed=lambda _account: f"POST {REST}/posts",
        reading=lambda _account: f"GET {REST}/posts",
        making=None,
        waits=lambda _fault: False,
        account=linkedin_of,
    ),
    Shape(
        "linkedin image",
        "linkedin",
        "linkedin",
        (*COMMON, *MAKING),
        feed=lambda _account: f"POST {REST}/posts",
        reading=lambda _account: f"GET {REST}/posts",
        making=lambda _account: f"POST {REST}/images",
        waits=lambda _fault: True,  # every image is processed for half a second
        account=linkedin_of,
        files=("image",),
    ),
)

"""The shapes in which networks publish: where their calls go, which points they have, and which faults fit them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.infra import crash
from core.infra.actor import Actor, Role
from tests.factories.accounts import make_account
from tests.factories.organizations import make_actor, make_organization
from tests.factories.publishing import House, Page
from tests.fixtures.programs import RunningSandbox

Faults = tuple[tuple[str, dict[str, Any]], ...]
_GRAPH = "/graph.facebook.com/*"
_REST = "/api.linkedin.com/rest"


@dataclass(frozen=True)
class Fault:
    """One way in which the network misbehaves: at the visible call, while it is read back, at the steps before."""

    name: str
    feed: Faults = ()
    reading: Faults = ()
    making: Faults = ()


LOST: Faults = (("reset_after", {}),)
# What every shape meets at its visible call and its read-back.
COMMON = (
    Fault("none"),
    Fault("refuse", (("refuse", {}),)),
    Fault("error_before", (("error_before", {}),)),
    Fault("error_after", (("error_after", {}),)),
    Fault("reset_before", (("reset_before", {}),)),
    Fault("reset_after", LOST),
    Fault("slow_after", (("slow_after", {"ms": 1500}),)),
    Fault("delayed_visibility", (("delayed_visibility", {"ms": 2500}),)),
    Fault("lost_and_delayed", (*LOST, ("delayed_visibility", {"ms": 2500}))),
    Fault("refused_but_live", (("refused_but_live", {}),)),
    Fault("rate_limited", (("rate_limited", {}),)),
    Fault("garbage_body", (("garbage_body", {}),)),
    Fault("garbage_reading", LOST, (("garbage_body", {}),)),
    Fault("reading_fails", LOST, (("error_before", {}),)),
    Fault("making_fails", making=(("error_before", {}),)),
    Fault("made_unheard", making=(("reset_after", {}),)),
    Fault("made_unheard_and_lost", LOST, (), (("reset_after", {}),)),
)
WATCHED = (
    Fault("slow", making=(("slow_container", {"polls": 2}),)),
    Fault("slow_and_lost", LOST, (), (("slow_container", {"polls": 2}),)),
    Fault("spoilt", making=(("container_error", {}),)),
)


@dataclass(frozen=True)
class Shape:
    """One network's way of publishing an image. Routes are of one account, by its id there, where they name it."""

    name: str
    network: str
    provider: str
    faults: tuple[Fault, ...]
    feed: Callable[[str], str]
    reading: Callable[[str], str]
    making: Callable[[str], str]
    waits: Callable[[Fault], bool]
    account: Callable[[Mapping[str, str]], tuple[str, str]]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(label for label in crash.LABELS if label != "d0")

    def has(self, label: str, fault: Fault) -> bool:
        """c5 is where the network still works on it."""
        return label != "c5" or self.waits(fault)

    def put(self, sandbox: RunningSandbox, account: str, fault: Fault) -> None:
        for route, faults in (
            (self.feed(account), fault.feed),
            (self.reading(account), fault.reading),
            (self.making(account), fault.making),
        ):
            for mode, args in faults:
                sandbox.post("/_sandbox/faults", {"route": route, "mode": mode, "times": 1, "args": args})

    def house(self, sandbox: RunningSandbox) -> House:
        """An organization with an account per fault."""
        organization_id = make_organization()
        approver = make_actor(organization_id, Role.ADMIN, name="Ada Admin")
        author = make_actor(organization_id, Role.EDITOR, name="Edgar Editor")
        return House(organization_id, author, approver, self._accounts(sandbox, approver))

    def _accounts(self, sandbox: RunningSandbox, actor: Actor) -> tuple[Page, ...]:
        wish = {"count": len(self.faults), "person": "p-maya", "prefix": self.name, "provider": self.provider}
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


SHAPES = (
    Shape(
        "facebook photo",
        "facebook",
        "meta",
        COMMON,
        feed=lambda page: f"POST {_GRAPH}/{page}/feed",
        reading=lambda page: f"GET {_GRAPH}/{page}/published_posts",
        making=lambda page: f"POST {_GRAPH}/{page}/photos",
        waits=lambda _fault: False,
        account=lambda made: (made["id"], made["page_token"]),
    ),
    Shape(
        "instagram image",
        "instagram",
        "meta",
        (*COMMON, *WATCHED),
        feed=lambda account: f"POST {_GRAPH}/{account}/media_publish",
        reading=lambda account: f"GET {_GRAPH}/{account}/media",
        making=lambda account: f"POST {_GRAPH}/{account}/media",
        waits=lambda fault: fault.name in {"slow", "slow_and_lost"},
        account=lambda made: (made["instagram_id"], made["page_token"]),
    ),
    Shape(
        "linkedin image",
        "linkedin",
        "linkedin",
        COMMON,
        feed=lambda _account: f"POST {_REST}/posts",
        reading=lambda _account: f"GET {_REST}/posts",
        making=lambda _account: f"POST {_REST}/images",
        waits=lambda _fault: True,  # every image is processed for half a second
        account=lambda made: (made["id"], made["access_token"]),
    ),
)

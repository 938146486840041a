"""What each form of post of a Page answers for itself: how it is prepared, what a yes names, how it is read back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.provider_kit.port import Steps
from core.provider_kit.types import Access, Payload, ReadBack, VisibleCall
from core.providers.meta.graph import Graph, Reply
from core.providers.meta.settings import MetaSettings


@dataclass(frozen=True, slots=True)
class Means:
    """What every form needs: the settings, the Graph API, and looks at the account."""

    settings: MetaSettings
    graph: Graph

    def path(self, access: Access, edge: str) -> str:
        """`/v26.0/{page}/{edge}`."""
        return self.graph.path(access.provider_account_id, edge)


class PageForm(Protocol):
    """One form of post. Its visible call is a POST to `edge` of the Page at `host`, empty for the Graph API's."""

    @property
    def edge(self) -> str: ...

    @property
    def host(self) -> str: ...

    def prepare(self, payload: Payload, access: Access, steps: Steps) -> VisibleCall:
        """As `port.Publisher.prepare`, for a payload without errors."""
        ...

    def post_id(self, reply: Reply, call: VisibleCall, access: Access) -> str | None:
        """The id of what a yes made visible; None where it names nothing that is surely this post."""
        ...

    def read_back(self, payload: Payload, access: Access, steps: Steps, *, since: datetime, end: float) -> ReadBack:
        """As `port.Publisher.read_back`, until `end` on the monotonic clock."""
        ...

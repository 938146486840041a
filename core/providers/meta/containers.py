"""Instagram's container: a post that is ready and that nobody sees, published by one call (meta 5.1 to 5.5).

There is at most one that can still be published: a second is made only when the first is known to be dead, or was never
heard of. Its status is what later proves the post live or not. What a container is made of, `instagram_media` says.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.provider_kit import hostile, throttle
from core.provider_kit.errors import NotReady, ProviderFailure, Rejected, RetryLater, Trace
from core.provider_kit.http import Answer
from core.provider_kit.port import Steps
from core.provider_kit.throttle import USED_UP, Scope, Usage
from core.provider_kit.types import Access
from core.providers.meta.calls import is_not_there
from core.providers.meta.errors_table import Then
from core.providers.meta.failures import INSTAGRAM, Purpose, failure, row_of
from core.providers.meta.graph import Graph, Reply
from core.providers.meta.live_posts import left_s
from core.providers.meta.settings import MetaSettings

CONTAINER: Final = "container"
_SUBCODE: Final = re.compile(r"\b2207\d{3}\b", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A container to be had: the name it is kept under, what a person calls it, and what is asked of Instagram.

    `form` is called only when the container is made: it signs addresses, and may have others made first.
    """

    name: str
    what: str
    form: Callable[[], Mapping[str, str]]

    @property
    def made_at(self) -> str:
        """The name under which the second is kept in which it was made."""
        return f"{self.name}_made_at"

    @property
    def spoilt(self) -> str:
        """The name under which the one is kept that ended in an error of Instagram's own."""
        return f"{self.name}_spoilt"


@dataclass(frozen=True, slots=True)
class Status:
    """What Instagram says of a container: one of the codes of meta 5.3, or empty where it can't be read."""

    container: str
    code: str
    words: str
    reply: Reply


class Containers:
    """Makes containers and asks after them."""

    def __init__(self, settings: MetaSettings, graph: Graph) -> None:
        self._settings = settings
        self._graph = graph

    def ready(self, wanted: Wanted, access: Access, steps: Steps, end: float) -> Status:
        """A container that can be published, or has been. Raises ProviderFailure, NotReady among them.

        One that has been published already is given too: publishing it once more can't make a second post, and what
        comes of it is read back from its status. `end` is an instant of the monotonic clock.
        """
        for _ in range(2):
            container = self.made(wanted, access, steps, end)
            status = self._polled(container, wanted, access, steps, end)
            match status.code:
                case "FINISHED" | "PUBLISHED":
                    return status
                case "IN_PROGRESS":
                    raise NotReady(f"Instagram is preparing {wanted.what}.", after_s=self._wait(wanted, steps))
                case "EXPIRED":
                    _forget(wanted, steps, "It has expired at Instagram.")
                case "ERROR":
                    raise self._spoilt(container, wanted, status, steps)
                case _:
                    raise RetryLater(f"Instagram doesn't say clearly how far {wanted.what} is.")
        raise RetryLater("What Instagram prepares expires at once.")

    def made(self, wanted: Wanted, access: Access, steps: Steps, end: float) -> str:
        """The id of the container, made now if none is kept, however far it is. Raises ProviderFailure."""
        return steps.get(wanted.name) or self._make(wanted, access, steps, end)

    def status(self, container: str, access: Access, end: float) -> Status:
        """Ask once. Raises ProviderFailure."""
        reply = self._graph.get(
            container,
            token=access.token,
            params={"fields": "id,status_code,status"},
            timeout_s=min(left_s(end), self._settings.call_timeout_s),
            correlation_id=access.correlation_id,
        )
        code = reply.body.get("status_code")
        return Status(
            container=container,
            code=code if isinstance(code, str) else "",
            words=hostile.line(reply.body.get("status"), limit=300),
            reply=reply,
        )

    def _make(self, wanted: Wanted, access: Access, steps: Steps, end: float) -> str:
        form = wanted.form()
        reply = self._graph.make(
            access.provider_account_id,
            "media",
            token=access.token,
            timeout_s=min(left_s(end), self._settings.call_timeout_s),
            form=form,
            correlation_id=access.correlation_id,
        )
        container = hostile.identifier(reply.body.get("id"))
        if container is None:
            raise RetryLater(f"Instagram took {wanted.what} and named nothing.")
        steps.keep(wanted.name, container, lives_s=self._settings.container_lives_s)
        steps.keep(wanted.made_at, f"{time.time():.0f}", lives_s=self._settings.container_lives_s)
        return container

    def _polled(self, container: str, wanted: Wanted, access: Access, steps: Steps, end: float) -> Status:
        """The status. "Not there" is no proof that a container is gone: so it is waited for, never made anew."""
        missing: ProviderFailure | None = None
        try:
            return self.status(container, access, end)
        except ProviderFailure as failed:
            if not is_missing(failed.trace):
                raise
            missing = failed
        raise NotReady(
            "Instagram doesn't show what it prepares.", after_s=self._wait(wanted, steps), trace=missing.trace
        )

    def _wait(self, wanted: Wanted, steps: Steps) -> float:
        """Seconds until the next look: half of the time it has taken so far, between the two settings."""
        made_at = steps.get(wanted.made_at) or ""
        age = time.time() - int(made_at) if made_at.isdecimal() else 0.0
        return min(max(age / 2, self._settings.poll_first_s), self._settings.poll_longest_s)

    def _spoilt(self, container: str, wanted: Wanted, status: Status, steps: Steps) -> ProviderFailure:
        """Drop a container in error. Trouble of Instagram's own gets one new container, then a person (meta 10.4)."""
        found = _SUBCODE.search(status.words)
        row = row_of(int(found[0])) if found else None
        words = INSTAGRAM.words(row.words if row else f"{{network}} couldn't process {wanted.what}.")
        _forget(wanted, steps, words)
        trace = Trace(subcode=found[0] if found else None, message=status.words or None)
        if row is not None and row.then is not Then.REJECT and steps.get(wanted.spoilt) is None:
            steps.keep(wanted.spoilt, container, lives_s=self._settings.container_lives_s)
            return RetryLater(words, how_to_fix=f"Masthead gives it {wanted.what} once more by itself.", trace=trace)
        said = f" Instagram says: {status.words}" if status.words else ""
        fix = row.fix if row is not None and row.then is Then.REJECT else f"Change {wanted.what}, or press Try again."
        return Rejected(words + said, how_to_fix=INSTAGRAM.words(fix), trace=trace)

    def leave_room(self, access: Access, end: float) -> None:
        """Raise RetryLater while the account's daily number of posts is used up (meta 5.5).

        An answer without figures, or none at all to be had, holds nothing up: publishing itself refuses what is too
        much, as code 9/2207042.
        """
        try:
            reply = self._graph.get(
                access.provider_account_id,
                "content_publishing_limit",
                token=access.token,
                params={"fields": "config,quota_usage"},
                timeout_s=min(left_s(end), self._settings.call_timeout_s),
                correlation_id=access.correlation_id,
            )
        except Rejected:
            return
        entry = hostile.mapping(next(iter(hostile.items(reply.body.get("data"))), None))
        used = hostile.whole(entry.get("quota_usage"))
        total = hostile.whole(hostile.mapping(entry.get("config")).get("quota_total"))
        if used is None or total is None:
            return
        percent = USED_UP if used >= total else 100 * max(used, 0) / total
        throttle.hear([Usage(Scope.ACCOUNT, percent, of_route=True, exact=True)])
        if used >= total:
            refusal: dict[str, Any] = {"code": 9, "error_subcode": 2207042, "message": f"{used} of {total} used"}
            raise failure(Answer(reply.status, {}, b""), Purpose.READ, speaker=INSTAGRAM, envelope=refusal)


def is_missing(trace: Trace) -> bool:
    """Whether a read says that there is no such container: 100/33, or 24 with either of its subcodes (meta 10.4)."""
    return is_not_there(trace) or (trace.code == "24" and trace.subcode in {"2207006", "2207008"})


def _forget(wanted: Wanted, steps: Steps, because: str) -> None:
    steps.drop(wanted.name, because)
    steps.drop(wanted.made_at, because)

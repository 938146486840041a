"""Posts that are live: comment, change the text, take away (linkedin 4.5, 6.1)."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Final

from core.provider_kit import hostile
from core.provider_kit.errors import OutcomeUnknown, Rejected, Trace
from core.provider_kit.likeness import same_text
from core.provider_kit.types import Access
from core.providers.linkedin import urns
from core.providers.linkedin.little_text import little_text
from core.providers.linkedin.organizations import has_next
from core.providers.linkedin.rest import Reply, Rest
from core.providers.linkedin.settings import LinkedInSettings

_LEAST_TIME_S: Final = 0.2
_LOOK: Final = "Look at the post on LinkedIn before you do it again."
_UNREAD: Final = "The comments under the post couldn't be read to the end."
_UNREADABLE: Final = "LinkedIn doesn't let apps read what stands under a member's posts."  # linkedin 2.8: closed


class LinkedInLive:
    """`port.Live` for LinkedIn."""

    def __init__(self, settings: LinkedInSettings, rest: Rest) -> None:
        self._settings = settings
        self._rest = rest

    def comment(self, provider_post_id: str, text: str, access: Access, *, timeout_s: float) -> str:
        """Comment as the account, once; a comment is no little text, so nothing is escaped. Raises ProviderFailure."""
        _refuse_no_post(provider_post_id)
        reply = self._rest.change(
            "socialActions",
            provider_post_id,
            "comments",
            method="CREATE",
            body={"actor": access.provider_account_id, "object": provider_post_id, "message": {"text": text}},
            token=access.token,
            timeout_s=timeout_s,
            correlation_id=access.correlation_id,
        )
        comment_id = hostile.identifier(reply.made) or hostile.identifier(reply.body.get("id"))
        if comment_id is None:
            raise OutcomeUnknown("LinkedIn said yes but named no comment.", how_to_fix=_LOOK, trace=_trace(reply))
        return comment_id

    def find_comment(
        self, provider_post_id: str, text: str, access: Access, *, since: datetime, timeout_s: float
    ) -> str | None:
        """The account's own comment, of a Page; in no known order, so all are read. Raises ProviderFailure."""
        _refuse_no_post(provider_post_id)
        if urns.is_person(access.provider_account_id):
            raise OutcomeUnknown(_UNREADABLE, how_to_fix=_LOOK)
        end = time.monotonic() + timeout_s
        since = since.replace(microsecond=since.microsecond // 1000 * 1000)  # LinkedIn's times have milliseconds
        trace, unclear, start = Trace(), False, 0
        for number in range(self._settings.comments_pages_max):
            if number and end - time.monotonic() < _LEAST_TIME_S:
                break
            reply = self._page(provider_post_id, access, start, max(end - time.monotonic(), _LEAST_TIME_S))
            trace = _trace(reply)
            listed = reply.body.get("elements")
            for item in map(hostile.mapping, hostile.items(listed)):
                said, author = hostile.mapping(item.get("message")).get("text"), item.get("actor")
                at = hostile.instant_ms(hostile.mapping(item.get("created")).get("time"))
                if not isinstance(said, str) or not same_text(said, text) or (at is not None and at < since):
                    continue
                comment_id = hostile.identifier(item.get("id"))
                if author == access.provider_account_id and comment_id is not None and at is not None:
                    return comment_id
                # An author may be hidden (linkedin 6.1 [G]): then it may be ours.
                unclear = unclear or author is None or author == access.provider_account_id
            more = has_next(reply.body)
            unclear = unclear or not isinstance(listed, list) or (more and not listed)
            if unclear:
                break
            if not more:
                return None
            # What is written meanwhile moves the others, so pages overlap by one; a short page may be filtered (1.7).
            start += max(self._settings.comments_page_size - 1, 1)
        raise OutcomeUnknown(_UNREAD, how_to_fix=_LOOK, trace=trace)

    def edit(self, provider_post_id: str, text: str, access: Access, *, timeout_s: float) -> None:
        """The words of a post; files, card and poll can't be changed (linkedin 4.5 [S+]). Raises ProviderFailure."""
        _refuse_no_post(provider_post_id)
        self._rest.change(
            "posts",
            provider_post_id,
            method="PARTIAL_UPDATE",
            body={"patch": {"$set": {"commentary": little_text(text)}}},
            token=access.token,
            timeout_s=timeout_s,
            correlation_id=access.correlation_id,
        )

    def delete(self, provider_post_id: str, access: Access, *, timeout_s: float) -> None:
        """Take it away; deleting again is a yes as well (linkedin 4.5 [S+]). Raises ProviderFailure."""
        _refuse_no_post(provider_post_id)
        try:
            self._rest.delete(
                "posts",
                provider_post_id,
                token=access.token,
                timeout_s=timeout_s,
                correlation_id=access.correlation_id,
            )
        except Rejected as refused:
            if (refused.trace.http_status, refused.trace.code) != (404, "NOT_FOUND"):
                raise

    def _page(self, post_id: str, access: Access, start: int, timeout_s: float) -> Reply:
        return self._rest.get(
            "socialActions",
            post_id,
            "comments",
            token=access.token,
            method="GET_ALL",
            query={"start": start, "count": self._settings.comments_page_size},
            timeout_s=timeout_s,
            correlation_id=access.correlation_id,
        )


def _refuse_no_post(post_id: str) -> None:
    if urns.post(post_id) is None:
        raise Rejected("This is no id of a LinkedIn post.", how_to_fix="Tell your operator.")


def _trace(reply: Reply) -> Trace:
    return Trace(http_status=reply.status, trace_id=reply.trace_id)

"""Will the access still be good at its time?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from core.posts import slots
from core.posts.candidates import Subject
from core.posts.views import AccountProblem

_FIX = "An admin can connect the account again on Accounts."


def check(subject: Subject) -> Iterator[AccountProblem]:
    """The earliest end that the grant tells: of the token, of the consent, of the access to data where that counts.

    The end of a token that is renewed before is none, unless it has come.
    """
    standing = subject.standing
    if standing is None:
        return
    moment = subject.situation.moment
    token_ends_at = standing.token_ends_at
    if standing.renews and token_ends_at is not None and token_ends_at > moment:
        token_ends_at = None
    ends: list[tuple[datetime, str]] = [
        (at, what)
        for at, what in (
            (token_ends_at, "The access to the account"),
            (standing.data_access_ends_at, "The access to the account's data"),
            (standing.consent_ends_at, "The consent behind the account"),
        )
        if at is not None
    ]
    if not ends:
        return
    at, what = min(ends)
    when = slots.said(at, subject.situation.organization.timezone)
    if at <= moment:
        yield subject.problem("error", f"{what} has ended ({when}).", _FIX, mend="connect")
    elif at <= subject.at:
        words = f"{what} ends before its time ({when})."
        yield subject.problem("warning", words, _FIX, mend="connect", threatens=True)

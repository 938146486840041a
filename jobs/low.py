"""Jobs that nobody waits for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from core.accounts import commands as accounts
from core.media import commands as media
from core.media import sweeping
from core.notices import commands as notices
from core.posts import preflight
from core.publishing import links, live_sending

_AT_ONCE: Final = 20
_LASTS_S = 15.0  # others wait in this queue; what is left then is hinted for again within seconds


def do_live_work() -> int:
    """Do what is to be done to live posts until nothing is due; gives how much was taken up."""
    return _until_none_is_due(live_sending.do_next)  # each is a call, which may take half a minute


def find_links() -> int:
    """Look for the addresses of live posts until none is due; gives how many were taken up."""
    return _until_none_is_due(links.find_next)  # each is a call or two


def revoke_overdue_choices() -> None:
    """Give back grants whose accounts were not chosen in time."""
    accounts.revoke_overdue_choices()


def drop_overdue_uploads() -> None:
    """Throw away what was uploaded and never finished."""
    media.drop_overdue_uploads()


def forget_old() -> None:
    """Throw away notices and mail that nobody reads any more, and what is left of uploads that ended."""
    notices.forget_old()
    sweeping.forget_old()


def look_ahead() -> int:
    """Ask of what goes out within a day whether it will; gives how many were looked at."""
    return _until_none_is_due(lambda: preflight.look_due(_AT_ONCE), at_once=_AT_ONCE)


def tend_tokens() -> int:
    """Renew tokens ahead of their end and look at grants, for a quarter of a minute; gives how many."""
    return accounts.tend_tokens()


def send_mail() -> None:
    """Write the mail that is due, and send what waits."""
    notices.write_mail()
    notices.send_mail()


def go_on_without_hints() -> None:
    """What people wait for, while nobody can give hints. A stop cuts it off, so nothing that can be seen is asked for.

    What is to be done to live posts waits: cut off, it would leave in doubt whether it was done.
    """
    find_links()
    send_mail()


def _until_none_is_due(work: Callable[[], int], at_once: int = 1) -> int:
    """Or until its time is over: no kind of work, and no organization that has much of it, has the queue for itself.

    `work` gives how much of it was taken up, which is less than `at_once` where nothing is left.
    """
    until = time.monotonic() + _LASTS_S
    done = 0
    while time.monotonic() < until:
        count = work()
        done += count
        if count < at_once:
            break
    return done

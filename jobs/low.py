"""Jobs that nobody waits for."""

from __future__ import annotations

from core.accounts import commands as accounts
from core.media import commands as media
from core.notices import commands as notices
from core.posts import preflight
from core.publishing import links

_AT_ONCE = 20
_ROUNDS = 50


def find_links() -> int:
    """Look for the addresses of live posts until none is due; gives how many were looked for."""
    found = 0
    for _ in range(_ROUNDS):
        count = links.find_due(_AT_ONCE)
        found += count
        if count < _AT_ONCE:
            break
    return found


def revoke_overdue_choices() -> None:
    """Give back grants whose accounts were not chosen in time."""
    accounts.revoke_overdue_choices()


def drop_overdue_uploads() -> None:
    """Throw away what was uploaded and never finished."""
    media.drop_overdue_uploads()


def forget_old() -> None:
    """Throw away notices and mail that nobody reads any more."""
    notices.forget_old()


def look_ahead() -> int:
    """Ask of what goes out within a day whether it will; gives how many were looked at."""
    looked = 0
    for _ in range(_ROUNDS):
        count = preflight.look_due(_AT_ONCE)
        looked += count
        if count < _AT_ONCE:
            break
    return looked


def send_mail() -> None:
    """Write the mail that is due, and send what waits."""
    notices.write_mail()
    notices.send_mail()

"""What people do to publications once they are written.

Every command: actor first; idempotent by `action_id` (a double click gets the first answer); one transaction; one audit
line. Raises NotAllowed, NotFound, Conflict, Invalid or Refused from `core.infra.errors`, each with the words to show.

Another time is in `moving`, whether at all in `planning`, deciding what became of a send in `resolving`, ending a
pause in `resuming`, changing what is live in `changing`; this is the way in for pages.
"""

from core.publishing.changing import close_live, delete_live, edit_live, retry_live
from core.publishing.inputs import Decision, Fate
from core.publishing.moving import move, reschedule
from core.publishing.planning import cancel, publish_now, try_again
from core.publishing.resolving import resolve_live, resolve_not_live
from core.publishing.resuming import Resumed, resume
from core.publishing.views import Changed, LeftAlone

__all__ = [
    "Changed",
    "Decision",
    "Fate",
    "LeftAlone",
    "Resumed",
    "cancel",
    "close_live",
    "delete_live",
    "edit_live",
    "move",
    "publish_now",
    "reschedule",
    "resolve_live",
    "resolve_not_live",
    "resume",
    "retry_live",
    "try_again",
]
